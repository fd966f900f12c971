// SPDX-License-Identifier: Apache-2.0
// Hold: a bound that has to hold for a while. It fires at once when it begins
// to hold or, with `for`, when it has held so long; then only after it has been
// seen not to hold.

#pragma once

#include <optional>

#include "signals/detector.h"

namespace premura {

// Of a window's events the newest so many are kept, of a customer and group.
inline constexpr std::size_t kMostKept = 10'000;

struct HoldState {
  bool holds = false;      // When last looked at.
  Timestamp due = kNever;  // It has then held long enough.

  static auto Fields(auto& own) { return std::tie(own.holds, own.due); }
};

class Hold {
 public:
  explicit Hold(std::optional<Duration> wait) : wait_(wait) {}

  // Looked at because of something at `at`. True if it is to fire now.
  bool Look(bool holds, Timestamp at, HoldState* state) const {
    const bool began = holds && !state->holds;
    state->holds = holds;
    if (!holds) state->due = kNever;
    if (began && wait_) state->due = Later(at, *wait_);
    return began && !wait_;
  }

  // What a standing says of it.
  void Tell(const HoldState& state, Standing* standing) const {
    standing->hold = wait_;
    standing->beyond = state.holds;
    if (state.due == kNever) return;
    standing->phase = Standing::Phase::kTimed;
    standing->fires_at = state.due;
  }

 private:
  const std::optional<Duration> wait_;
};

}  // namespace premura
