// SPDX-License-Identifier: Apache-2.0
// Dates as profiles write them. Pure functions.

#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "rules/time.h"
#include "rules/value.h"

namespace premura {

struct ProfileDate {
  // Of a date without a time: its midnight, as if in UTC.
  Timestamp at{};
  bool whole_day = false;

  bool operator==(const ProfileDate&) const = default;
  static auto Fields(auto& own) { return std::tie(own.at, own.whole_day); }
};

// RFC 3339, a date without a time ("2026-01-31"), or epoch seconds below 1e11,
// else milliseconds, as a number or its digits. nullopt if it is none of these;
// so are numbers outside of 1990 to 2200, which mean something else.
std::optional<ProfileDate> ReadProfileDate(const Value& value);

// When the date comes by the clock on the wall of `zone`.
// REQUIRES: IsKnownZone(zone).
Timestamp InstantOf(const ProfileDate& date, const std::string& zone);

}  // namespace premura
