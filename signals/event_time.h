// SPDX-License-Identifier: Apache-2.0
// The time of an event, however its sender writes it.

#pragma once

#include <optional>

#include "rules/time.h"
#include "rules/value.h"

namespace premura {

// Epoch seconds below 1e11, else milliseconds, as a number or its digits, or
// RFC 3339. nullopt if it is none of these.
std::optional<Timestamp> ReadEventTime(const Value& value);

// Outside of these an event's time is a mistake, not a time.
inline constexpr Timestamp kFirstEventTime{Duration{631'152'000'000}};   // 1990
inline constexpr Timestamp kLastEventTime{Duration{7'289'654'399'999}};  // 2200

}  // namespace premura
