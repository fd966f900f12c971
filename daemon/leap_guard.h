// SPDX-License-Identifier: Apache-2.0
// LeapGuard: the wall clock, but for leaps. Where it leaps by more than 5 s (a
// time server that is wrong, somebody who sets it), time goes on as before for
// a minute, and only if the leap has stayed until then it is followed. What is
// due by the clock (retries, leases, silent customers) does not come by a
// mistake that is mended soon.
//
// Thread-safe; cheap while nothing leaps.

#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "notifiers/clock.h"

namespace premura {

class LeapGuard final : public Clock {
 public:
  static constexpr Duration kLeap = std::chrono::seconds(5);
  static constexpr Duration kStays = std::chrono::minutes(1);

  // `wall`: what may leap; `steady`: time since some instant, which goes on
  // while the machine sleeps. From any thread.
  LeapGuard(std::function<Timestamp()> wall, std::function<Duration()> steady);

  Timestamp Now() const override;

  // What has happened since it was asked last.
  struct News {
    Duration by{};          // Ahead of what it was, or behind.
    bool followed = false;  // Else it is being waited for, or
    bool gone = false;      // it has been taken back.
  };
  std::optional<News> TakeNews();

 private:
  Timestamp NowInDoubt(Timestamp wall, Duration steady) const;

  const std::function<Timestamp()> wall_;
  const std::function<Duration()> steady_;
  // Wall time at the steady clock's zero, in Duration's ticks.
  mutable std::atomic<Duration::rep> zero_;
  mutable std::atomic<bool> doubts_ = false;

  struct Doubt {
    Duration::rep zero = 0;  // As the leap would have it.
    Duration since{};
  };
  mutable std::mutex mutex_;  // Guards what follows.
  mutable std::optional<Doubt> doubt_;
  mutable std::optional<News> news_;
};

// Of this machine.
std::unique_ptr<LeapGuard> NewSystemLeapGuard();

}  // namespace premura
