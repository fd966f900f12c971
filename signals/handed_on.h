// SPDX-License-Identifier: Apache-2.0
// HandedOn: per partition, up to which position everything has been handed on,
// though some of what was read later may have gone before.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "signals/source.h"

namespace premura {

class HandedOnPositions {
 public:
  // A record has been read. REQUIRES: records come in order of position within
  // a partition, but for files that were sorted.
  void Read(std::uint32_t partition, std::int64_t position);
  // One more event of the last record read is held back.
  void Hold(std::uint32_t partition);
  // One event held back of that record has been handed on.
  void Release(std::uint32_t partition, std::int64_t position);
  void Drop(std::uint32_t partition) { partitions_.erase(partition); }

  Positions positions() const;

 private:
  struct HeldRecord {
    std::int64_t position = 0;
    std::size_t events = 0;
  };
  struct Partition {
    std::int64_t last = 0;        // Read.
    std::deque<HeldRecord> held;  // In order of reading.
  };
  std::map<std::uint32_t, Partition> partitions_;
};

}  // namespace premura
