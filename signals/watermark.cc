// SPDX-License-Identifier: Apache-2.0

#include "signals/watermark.h"

#include <algorithm>

namespace premura {

void Watermark::Add(std::uint32_t partition) {
  partitions_.try_emplace(partition);
  Update();
}

void Watermark::Resume(std::uint32_t partition,
                       std::optional<Timestamp> reached) {
  partitions_[partition].reached = reached;
  last_.reset();
}

void Watermark::Remove(std::uint32_t partition) {
  if (const auto it = partitions_.find(partition); it != partitions_.end()) {
    SetBehind(&it->second, false);
    partitions_.erase(it);
  }
  Update();
}

void Watermark::SetBehind(Partition* partition, bool behind) {
  if (partition->behind == behind) return;
  partition->behind = behind;
  behind_ += behind ? 1 : -1;
}

void Watermark::Stir(std::uint32_t partition) {
  Partition& it = partitions_[partition];
  it.caught_up = it.idle = false;
  it.quiet_since.reset();
}

void Watermark::Saw(std::uint32_t partition, Timestamp time) {
  Partition& it = partitions_[partition];
  it.brought = std::max(it.brought.value_or(time), time);
  if (it.reached && *it.reached >= time) {
    SetBehind(&it, !it.caught_up && *it.reached - *it.brought > kBehindBy);
    return;
  }
  SetBehind(&it, false);
  it.reached = time;
  // Only the one that holds back most can move the whole.
  if (!last_ || *last_ == partition) Update();
}

void Watermark::CaughtUp(std::uint32_t partition) {
  Partition& it = partitions_[partition];
  it.caught_up = true;
  SetBehind(&it, false);
  Update();
}

void Watermark::Tick(Timestamp now) {
  for (auto& [number, it] : partitions_) {
    if (!it.caught_up) continue;
    // A wall clock that was set back must not make quiet time of it.
    if (!it.quiet_since || now < *it.quiet_since) it.quiet_since = now;
    if (now - *it.quiet_since < kIdleAfter) continue;
    it.idle = true;
    it.brought.reset();
    it.reached = std::max(it.reached.value_or(now), now);
  }
  Update();
}

void Watermark::LoseQuiet() {
  if (partitions_.size() == 1) partitions_.begin()->second.quiet_since.reset();
}

std::optional<Timestamp> Watermark::Reached(std::uint32_t partition) const {
  const auto it = partitions_.find(partition);
  return it == partitions_.end() ? std::nullopt : it->second.reached;
}

std::optional<Timestamp> Watermark::Newest() const {
  std::optional<Timestamp> newest = reached_;
  for (const auto& [number, it] : partitions_) {
    if (it.reached && (!newest || *it.reached > *newest)) newest = it.reached;
  }
  return newest;
}

bool Watermark::AllIdle() const {
  return !partitions_.empty() &&
         std::all_of(partitions_.begin(), partitions_.end(), [](const auto& p) {
           return p.second.idle || (p.second.caught_up && !p.second.reached);
         });
}

void Watermark::Update() {
  std::optional<Timestamp> smallest;
  last_.reset();
  for (const auto& [number, it] : partitions_) {
    if (!it.reached) {
      if (it.caught_up) continue;
      last_ = number;
      return;
    }
    if (smallest && *smallest <= *it.reached) continue;
    smallest = it.reached;
    last_ = number;
  }
  if (smallest && (!reached_ || *reached_ < *smallest)) reached_ = smallest;
}

}  // namespace premura
