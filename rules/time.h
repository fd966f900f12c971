// SPDX-License-Identifier: Apache-2.0
// Durations and instants as people write them in rules, configuration and
// events. Pure functions; nothing here reads a clock.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace premura {

// Everything is counted in milliseconds; instants are UTC since 1970.
using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

// A whole number and one of ms s m h d w ("15m", "7d"). nullopt if `text` is
// anything else, or too large to count in milliseconds.
std::optional<Duration> ParseDuration(std::string_view text);

// The largest unit that divides it: 900 s is "15m", 0 is "0s".
std::string FormatDuration(Duration duration);

// RFC 3339 ("2026-01-01T00:00:00.5+01:00", also with a space for the T and
// lower-case t, z), or epoch milliseconds as a whole number.
std::optional<Timestamp> ParseInstant(std::string_view text);

// RFC 3339 only.
std::optional<Timestamp> ParseRfc3339(std::string_view text);

// A date without a time: "2026-01-31".
std::optional<std::chrono::sys_days> ParseDate(std::string_view text);

// "2026-01-01T00:00:00.000Z".
std::string FormatInstant(Timestamp instant);

}  // namespace premura
