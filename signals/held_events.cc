// SPDX-License-Identifier: Apache-2.0

#include "signals/held_events.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

constexpr std::size_t kBlock = 512;  // Most events fit into one.

// A heap's front is its largest: the oldest.
bool Later(const HeldEvent& a, const HeldEvent& b) {
  return std::pair(a.time, a.arrival) > std::pair(b.time, b.arrival);
}

}  // namespace

void HeldEvents::Hold(const Event& event, std::uint32_t partition,
                      EventPlace place) {
  HeldEvent held;
  if (spare_.empty()) {
    held.bytes = std::make_unique<Arena>(kBlock);
  } else {
    held.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  held.event = held.bytes->Copy(event);
  held.time = event.time;
  held.partition = partition;
  held.place = place;
  Push(std::move(held));
}

void HeldEvents::Hold(ProfileChange change, Timestamp time,
                      std::uint32_t partition, EventPlace place) {
  HeldEvent held;
  held.profile = std::move(change);
  held.time = time;
  held.partition = partition;
  held.place = place;
  Push(std::move(held));
}

void HeldEvents::Push(HeldEvent held) {
  held.arrival = arrivals_++;
  heap_.push_back(std::move(held));
  std::push_heap(heap_.begin(), heap_.end(), Later);
}

void HeldEvents::Mark() {
  marked_ = arrivals_;
  older_ = heap_.size();
}

HeldEvent HeldEvents::TakeOldest() {
  std::pop_heap(heap_.begin(), heap_.end(), Later);
  HeldEvent held = std::move(heap_.back());
  heap_.pop_back();
  if (held.arrival < marked_) --older_;
  return held;
}

void HeldEvents::Recycle(HeldEvent held) {
  constexpr std::size_t kSpare = 1024;
  if (!held.bytes || spare_.size() >= kSpare) return;
  held.bytes->Reset();
  spare_.push_back(std::move(held.bytes));
}

void HeldEvents::DropPartition(std::uint32_t partition) {
  std::erase_if(heap_, [this, partition](const HeldEvent& held) {
    if (held.partition != partition) return false;
    if (held.arrival < marked_) --older_;
    return true;
  });
  std::make_heap(heap_.begin(), heap_.end(), Later);
}

}  // namespace premura
