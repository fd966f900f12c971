// SPDX-License-Identifier: Apache-2.0
// TimerQueue: when the engine will look at which track next. An entry is a
// reminder, not the timer itself: a timer that moves later or goes away leaves
// its reminder, which then finds nothing due.
//
// Thread: the shard's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "rules/time.h"
#include "signals/customer.h"

namespace premura {

class TimerQueue {
 public:
  struct Entry {
    Timestamp due{};
    Customer* customer = nullptr;
    std::uint64_t key = 0;  // Track::key.
  };

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  // The first in order of (time, customer, rule, group). REQUIRES: !empty().
  const Entry& top() const { return heap_.front(); }

  void Push(const Entry& entry);
  void Pop();

  // `ranks` says in which order slots' rules stand, by slot; entries for which
  // `keep` is false go. For a reload.
  void Rebuild(std::vector<std::uint32_t> ranks,
               const std::function<bool(const Entry&)>& keep);

 private:
  bool Before(const Entry& a, const Entry& b) const;

  // A heap whose nodes have four children: shallower, and those of one node
  // lie together.
  std::vector<Entry> heap_;
  std::vector<std::uint32_t> ranks_;
};

}  // namespace premura
