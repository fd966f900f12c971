// SPDX-License-Identifier: Apache-2.0

#include "signals/handed_on.h"

#include <algorithm>

namespace premura {

void HandedOnPositions::Read(std::uint32_t partition, std::int64_t position) {
  partitions_[partition].last = position;
}

void HandedOnPositions::Hold(std::uint32_t partition) {
  Partition& it = partitions_[partition];
  if (it.held.empty() || it.held.back().position != it.last) {
    it.held.push_back({it.last, 0});
  }
  ++it.held.back().events;
}

void HandedOnPositions::Release(std::uint32_t partition,
                                std::int64_t position) {
  const auto it = partitions_.find(partition);
  if (it == partitions_.end()) return;  // No longer ours.
  std::deque<HeldRecord>& held = it->second.held;
  auto record = std::lower_bound(
      held.begin(), held.end(), position,
      [](const HeldRecord& r, std::int64_t p) { return r.position < p; });
  if (record == held.end() || record->position != position) {
    record = std::find_if(held.begin(), held.end(), [=](const HeldRecord& r) {
      return r.position == position;
    });
    if (record == held.end()) return;
  }
  --record->events;
  while (!held.empty() && held.front().events == 0) held.pop_front();
}

Positions HandedOnPositions::positions() const {
  Positions positions;
  for (const auto& [number, it] : partitions_) {
    positions[number] =
        it.held.empty() ? it.last + 1 : it.held.front().position;
  }
  return positions;
}

}  // namespace premura
