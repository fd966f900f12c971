// SPDX-License-Identifier: Apache-2.0
// Instants that stand for "never" and "not yet", and sums that end at them.

#pragma once

#include "rules/time.h"

namespace premura {

inline constexpr Timestamp kNever = Timestamp::max();
inline constexpr Timestamp kUnseen = Timestamp::min();

// Saturate: a window may be longer than time.
inline Timestamp Later(Timestamp time, Duration by) {
  return time > kNever - by ? kNever : time + by;
}
inline Timestamp Earlier(Timestamp time, Duration by) {
  return time < kUnseen + by ? kUnseen : time - by;
}

}  // namespace premura
