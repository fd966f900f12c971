// SPDX-License-Identifier: Apache-2.0

#include "signals/timer_queue.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

constexpr std::size_t kChildren = 4;

}  // namespace

bool TimerQueue::Before(const Entry& a, const Entry& b) const {
  if (a.due != b.due) return a.due < b.due;
  if (a.customer != b.customer) return a.customer->name < b.customer->name;
  const std::uint32_t rank_a = ranks_[a.key >> 32];
  const std::uint32_t rank_b = ranks_[b.key >> 32];
  if (rank_a != rank_b) return rank_a < rank_b;
  return a.key < b.key;
}

void TimerQueue::Push(const Entry& entry) {
  std::size_t hole = heap_.size();
  heap_.push_back(entry);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kChildren;
    if (!Before(entry, heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = entry;
}

void TimerQueue::Pop() {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = hole * kChildren + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + kChildren, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (Before(heap_[child], heap_[least])) least = child;
    }
    if (!Before(heap_[least], last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
}

void TimerQueue::Rebuild(std::vector<std::uint32_t> ranks,
                         const std::function<bool(const Entry&)>& keep) {
  std::vector<Entry> old = std::exchange(heap_, {});
  ranks_ = std::move(ranks);
  for (const Entry& entry : old) {
    if (keep(entry)) Push(entry);
  }
}

}  // namespace premura
