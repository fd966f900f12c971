// SPDX-License-Identifier: Apache-2.0
// TimeLimit: what is left of a limit on waiting. By the steady clock: it has
// nothing to do with the time of events.

#pragma once

#include <algorithm>
#include <chrono>

#include "rules/time.h"

namespace premura {

class TimeLimit {
 public:
  explicit TimeLimit(Duration limit) : end_(Clock::now() + limit) {}

  // Zero once it has passed.
  Duration Left() const {
    return std::max(Duration::zero(),
                    std::chrono::ceil<Duration>(end_ - Clock::now()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

}  // namespace premura
