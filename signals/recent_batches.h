// SPDX-License-Identifier: Apache-2.0
// RecentBatches: the last events that a shard took, within bounds, so that one
// can be told what became of an event that no rule remembers. Under load a
// batch is kept as it is, and used again later; small ones, which would waste
// the room they were made for, are copied together.
//
// Thread: the shard's.

#pragma once

#include <cstddef>
#include <deque>
#include <string_view>
#include <vector>

#include "signals/event.h"

namespace premura {

class RecentBatches {
 public:
  explicit RecentBatches(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // Gives back, to be used again, what there is no room or no need for.
  void Add(EventBatch batch, std::vector<EventBatch>* spare);
  void Clear();

  // The newest of the customer, at most so many, in order of arrival; valid
  // until the next change.
  std::vector<const Event*> Of(std::string_view customer,
                               std::size_t most) const;

 private:
  void Keep(EventBatch batch);

  const std::size_t most_bytes_;
  std::size_t bytes_ = 0;  // Of batches_.
  std::deque<EventBatch> batches_;
  EventBatch tail_;  // Copied together; newer than those.
};

}  // namespace premura
