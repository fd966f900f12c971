// SPDX-License-Identifier: Apache-2.0
// value_count: so many distinct values in a window, or fewer than so many. A
// value counts at its latest occurrence.

#include <algorithm>
#include <string>
#include <utility>

#include "signals/detectors/counting.h"

namespace premura {

namespace {

struct Occurrence {
  Seen latest;
  std::string value;  // Its identity.

  static auto Fields(auto& own) { return std::tie(own.latest, own.value); }
};

struct Values {
  using Spec = ValueCountSpec;
  using Items = std::vector<Occurrence>;  // Each value once.
  static constexpr auto kMeasure = Standing::Measure::kValues;

  static bool Sees(const Spec& spec, const Sight& sight) {
    return std::all_of(spec.fields.begin(), spec.fields.end(),
                       [&sight](const FieldRef& field) {
                         return sight.facts.Get(field).present();
                       });
  }

  static void Insert(const Spec& spec, const Sight& sight, Items* items) {
    std::string value;
    for (const FieldRef& field : spec.fields) {
      AppendIdentity(sight.facts.Get(field), &value);
    }
    const auto known = std::find_if(
        items->begin(), items->end(),
        [&value](const Occurrence& seen) { return seen.value == value; });
    if (known != items->end()) {
      if (known->latest.time > sight.time()) return;
      items->erase(known);
    }
    const auto place =
        std::upper_bound(items->begin(), items->end(), sight.time(),
                         [](Timestamp time, const Occurrence& seen) {
                           return time < seen.latest.time;
                         });
    items->insert(place, {{sight.time(), sight.Keep()}, std::move(value)});
  }

  static void DropUpTo(Timestamp time, Items* items) {
    auto end = items->begin();
    while (end != items->end() && end->latest.time <= time) ++end;
    items->erase(items->begin(), end);
  }

  static const Seen& SeenOf(const Occurrence& item) { return item.latest; }

  static SeenEvents TakeEvents(Items* items) {
    SeenEvents events;
    events.reserve(items->size());
    for (Occurrence& seen : *items) events.push_back(std::move(seen.latest));
    *items = {};
    return events;
  }

  // What the value was, the event alone does not say.
  static constexpr bool kFolds = false;
  static SeenRef Fold(const Items&) { return {}; }
  static void Unfold(SeenRef, Items*) {}
};

}  // namespace

std::unique_ptr<Detector> NewValueCount(const ValueCountSpec& spec) {
  return NewCounting<Values>(spec);
}

}  // namespace premura
