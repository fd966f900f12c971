// SPDX-License-Identifier: Apache-2.0
// event_count: so many events in a window, or fewer than so many.

#include <utility>

#include "signals/detectors/counting.h"

namespace premura {

namespace {

struct Events {
  using Spec = EventCountSpec;
  using Items = SeenEvents;
  static constexpr auto kMeasure = Standing::Measure::kEvents;

  static bool Sees(const Spec&, const Sight&) { return true; }
  static void Insert(const Spec&, const Sight& sight, Items* items) {
    InsertInOrder(sight.Keep(), items);
  }
  static void DropUpTo(Timestamp time, Items* items) {
    premura::DropUpTo(time, items);
  }
  static const Seen& SeenOf(const Seen& item) { return item; }
  static SeenEvents TakeEvents(Items* items) {
    return std::exchange(*items, {});
  }
  static constexpr bool kFolds = true;
  static SeenRef Fold(const Items& items) {
    return items.size() == 1 ? items.front().event : SeenRef();
  }
  static void Unfold(SeenRef event, Items* items) {
    InsertInOrder(std::move(event), items);
  }
};

}  // namespace

std::unique_ptr<Detector> NewEventCount(const EventCountSpec& spec) {
  return NewCounting<Events>(spec);
}

}  // namespace premura
