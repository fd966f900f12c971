// SPDX-License-Identifier: Apache-2.0
// BarrierTracker: which positions of a source may be committed, given barriers
// that travel through all shards.
//
// Thread-safe. Barriers are reached in the order they were begun.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "signals/source.h"

namespace premura {

class BarrierTracker : public std::enable_shared_from_this<BarrierTracker> {
 public:
  // A barrier over `shards` shards: what it returns is to be called once for
  // each. Holds the tracker alive, so it may be called after the worker ended.
  std::function<void()> Begin(Positions positions, std::size_t shards) {
    const std::lock_guard lock(mutex_);
    const auto barrier =
        under_way_.insert(under_way_.end(), {std::move(positions), shards});
    return [self = shared_from_this(), barrier] { self->Pass(barrier); };
  }

  // The partition was lost: what is under way says nothing of it any more, not
  // even if it comes back before a barrier has been reached.
  void Forget(std::uint32_t partition) {
    const std::lock_guard lock(mutex_);
    for (Barrier& barrier : under_way_) barrier.positions.erase(partition);
    if (reached_) reached_->erase(partition);
  }

  // The newest positions reached since the last call.
  std::optional<Positions> TakeReached() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reached_, std::nullopt);
  }

  int under_way() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(under_way_.size());
  }

  // Waits until at most `most` barriers are under way; false if `limit` passed.
  bool WaitFor(int most, Duration limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] {
      return under_way_.size() <= static_cast<std::size_t>(most);
    });
  }

 private:
  struct Barrier {
    Positions positions;
    std::size_t left;
  };

  void Pass(std::list<Barrier>::iterator barrier) {
    const std::lock_guard lock(mutex_);
    if (--barrier->left > 0) return;
    reached_ = std::move(barrier->positions);
    under_way_.erase(barrier);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Positions> reached_;  // Guarded by mutex_, as is under_way_.
  std::list<Barrier> under_way_;
};

}  // namespace premura
