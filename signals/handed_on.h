// SPDX-License-Identifier: Apache-2.0
// HandedOn: per partition, up to which position everything has been handed on,
// and what of that read later has gone before.
//
// Thread: one at a time.

#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "signals/source.h"

namespace premura {

// One event: its record, and which of the record's events and profile changes.
struct EventPlace {
  std::int64_t position = 0;
  std::uint32_t number = 0;

  auto operator<=>(const EventPlace&) const = default;
};

class HandedOnPositions {
 public:
  // Goes on there.
  void Resume(std::uint32_t partition, std::int64_t position);
  // A record has been read. REQUIRES: records come in order of position within
  // a partition, but for files that were sorted.
  void Read(std::uint32_t partition, std::int64_t position);
  // An event of the last record read is held back.
  void Hold(std::uint32_t partition, std::uint32_t number);
  // It has been handed on.
  void Release(std::uint32_t partition, EventPlace place);
  void Drop(std::uint32_t partition) { partitions_.erase(partition); }

  Positions positions() const;
  // Next position to read.
  std::int64_t Next(std::uint32_t partition) const;
  // What is held back, in order of place.
  std::vector<EventPlace> Held(std::uint32_t partition) const;

 private:
  struct Event {
    EventPlace place;
    bool released = false;
  };
  struct Partition {
    std::int64_t next = 0;
    std::deque<Event> held;  // In order of reading; the first is held still.
  };
  std::map<std::uint32_t, Partition> partitions_;
};

}  // namespace premura
