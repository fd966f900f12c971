// SPDX-License-Identifier: Apache-2.0
// Clock: the wall clock, injected, so that tests own time. Thread-safe.

#pragma once

#include <chrono>

#include "rules/time.h"

namespace premura {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp Now() const override {
    return std::chrono::time_point_cast<Duration>(
        std::chrono::system_clock::now());
  }
};

}  // namespace premura
