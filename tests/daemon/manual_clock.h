// SPDX-License-Identifier: Apache-2.0
// A clock that a test moves.

#pragma once

#include <atomic>

#include "notifiers/clock.h"

namespace premura {

class ManualClock final : public Clock {
 public:
  Timestamp Now() const override { return Timestamp(Duration(now_.load())); }
  void Advance(Duration by) { now_ += by.count(); }
  void Set(Timestamp at) { now_ = at.time_since_epoch().count(); }

 private:
  std::atomic<Duration::rep> now_ = 1'767'225'600'000;  // 2026-01-01.
};

}  // namespace premura
