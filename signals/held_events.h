// SPDX-License-Identifier: Apache-2.0
// HeldEvents: events and profile changes held back to be taken in order of
// time; of equal times in order of arrival.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <queue>
#include <vector>

#include "signals/arena.h"
#include "signals/event.h"
#include "signals/handed_on.h"

namespace premura {

struct HeldEvent {
  Timestamp time{};
  std::uint64_t arrival = 0;
  std::uint32_t partition = 0;
  EventPlace place;
  Event event;  // If there is no profile.
  std::optional<ProfileChange> profile;
  std::unique_ptr<Arena> bytes;  // Of the event.
};

class HeldEvents {
 public:
  // Copies the event.
  void Hold(const Event& event, std::uint32_t partition, EventPlace place);
  void Hold(ProfileChange change, Timestamp time, std::uint32_t partition,
            EventPlace place);

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // All that is held now counts as older than what comes.
  void Mark();
  bool holds_older() const { return older_ > 0; }
  // REQUIRES: !empty().
  Timestamp oldest() const { return heap_.front().time; }
  HeldEvent TakeOldest();
  // Its memory is used again.
  void Recycle(HeldEvent held);
  void DropPartition(std::uint32_t partition);

 private:
  void Push(HeldEvent held);

  std::vector<HeldEvent> heap_;
  std::vector<std::unique_ptr<Arena>> spare_;
  std::uint64_t arrivals_ = 0;
  std::uint64_t marked_ = 0;  // Arrivals before this are older.
  std::size_t older_ = 0;     // That many are held.
};

}  // namespace premura
