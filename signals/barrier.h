// SPDX-License-Identifier: Apache-2.0
// BarrierTracker: which positions of a source may be committed, given barriers
// that travel through all shards.
//
// Thread-safe. Barriers are reached in the order they were begun.

#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
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
    struct Barrier {
      Positions positions;
      std::size_t left;
    };
    auto barrier =
        std::make_shared<Barrier>(Barrier{std::move(positions), shards});
    {
      const std::lock_guard lock(mutex_);
      ++under_way_;
    }
    return [self = shared_from_this(), barrier] {
      const std::lock_guard lock(self->mutex_);
      if (--barrier->left > 0) return;
      self->reached_ = std::move(barrier->positions);
      --self->under_way_;
      self->changed_.notify_all();
    };
  }

  // The newest positions reached since the last call.
  std::optional<Positions> TakeReached() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reached_, std::nullopt);
  }

  int under_way() const {
    const std::lock_guard lock(mutex_);
    return under_way_;
  }

  // Waits until at most `most` barriers are under way; false if `limit` passed.
  bool WaitFor(int most, Duration limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return under_way_ <= most; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Positions> reached_;  // Guarded by mutex_, as is under_way_.
  int under_way_ = 0;
};

}  // namespace premura
