// SPDX-License-Identifier: Apache-2.0
#include "daemon/leap_guard.h"

#include <time.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <utility>

namespace premura {
namespace {

bool Differ(Duration::rep one, Duration::rep other) {
  return std::abs(one - other) > LeapGuard::kLeap.count();
}

Duration SinceBoot() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Duration>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

LeapGuard::LeapGuard(std::function<Timestamp()> wall,
                     std::function<Duration()> steady)
    : wall_(std::move(wall)),
      steady_(std::move(steady)),
      zero_((wall_().time_since_epoch() - steady_()).count()) {}

// A clock that is being slewed is followed at once.
Timestamp LeapGuard::Now() const {
  const Timestamp wall = wall_();
  const Duration steady = steady_();
  const Duration::rep zero = (wall.time_since_epoch() - steady).count();
  if (doubts_.load(std::memory_order_relaxed) ||
      Differ(zero, zero_.load(std::memory_order_relaxed))) {
    return NowInDoubt(wall, steady);
  }
  zero_.store(zero, std::memory_order_relaxed);
  return wall;
}

Timestamp LeapGuard::NowInDoubt(Timestamp wall, Duration steady) const {
  const std::lock_guard lock(mutex_);
  const Duration::rep zero = (wall.time_since_epoch() - steady).count();
  const Duration by(zero - zero_);
  if (!Differ(zero, zero_)) {
    if (doubt_) news_ = News{Duration(doubt_->zero - zero_), false, true};
    doubt_.reset();
    doubts_ = false;
    return wall;
  }
  if (!doubt_ || Differ(zero, doubt_->zero)) {
    doubt_ = Doubt{zero, steady};
    doubts_ = true;
    news_ = News{by, false, false};
  }
  if (steady - doubt_->since < kStays) {
    return Timestamp(Duration(zero_) + steady);
  }
  doubt_.reset();
  doubts_ = false;
  news_ = News{by, true, false};
  zero_ = zero;
  return wall;
}

std::optional<LeapGuard::News> LeapGuard::TakeNews() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, std::nullopt);
}

std::unique_ptr<LeapGuard> NewSystemLeapGuard() {
  return std::make_unique<LeapGuard>([] { return SystemClock().Now(); },
                                     SinceBoot);
}

}  // namespace premura
