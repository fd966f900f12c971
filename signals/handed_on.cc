// SPDX-License-Identifier: Apache-2.0

#include "signals/handed_on.h"

#include <algorithm>

namespace premura {

void HandedOnPositions::Resume(std::uint32_t partition, std::int64_t position) {
  partitions_[partition].next = position;
}

void HandedOnPositions::Read(std::uint32_t partition, std::int64_t position) {
  partitions_[partition].next = position + 1;
}

void HandedOnPositions::Hold(std::uint32_t partition, std::uint32_t number) {
  Partition& it = partitions_[partition];
  it.held.push_back({{it.next - 1, number}});
}

void HandedOnPositions::Release(std::uint32_t partition, EventPlace place) {
  const auto it = partitions_.find(partition);
  if (it == partitions_.end()) return;  // No longer ours.
  std::deque<Event>& held = it->second.held;
  auto event = std::lower_bound(
      held.begin(), held.end(), place,
      [](const Event& e, const EventPlace& p) { return e.place < p; });
  if (event == held.end() || event->place != place) {
    event = std::find_if(held.begin(), held.end(),
                         [&](const Event& e) { return e.place == place; });
    if (event == held.end()) return;
  }
  event->released = true;
  while (!held.empty() && held.front().released) held.pop_front();
}

Positions HandedOnPositions::positions() const {
  Positions positions;
  for (const auto& [number, it] : partitions_) {
    positions[number] =
        it.held.empty() ? it.next : it.held.front().place.position;
  }
  return positions;
}

std::int64_t HandedOnPositions::Next(std::uint32_t partition) const {
  const auto it = partitions_.find(partition);
  return it == partitions_.end() ? 0 : it->second.next;
}

std::vector<EventPlace> HandedOnPositions::Held(std::uint32_t partition) const {
  std::vector<EventPlace> places;
  const auto it = partitions_.find(partition);
  if (it == partitions_.end()) return places;
  for (const Event& event : it->second.held) {
    if (!event.released) places.push_back(event.place);
  }
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace premura
