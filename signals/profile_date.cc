// SPDX-License-Identifier: Apache-2.0

#include "signals/profile_date.h"

#include "signals/event_time.h"
#include "signals/zones.h"

namespace premura {

std::optional<ProfileDate> ReadProfileDate(const Value& value) {
  if (value.kind() == Value::Kind::kText) {
    if (const auto day = ParseDate(value.text())) {
      return ProfileDate{*day, true};
    }
    if (const auto at = ParseRfc3339(value.text())) {
      return ProfileDate{*at, false};
    }
  }
  const auto at = ReadEventTime(value);
  if (!at || *at < kFirstEventTime || *at > kLastEventTime) return std::nullopt;
  return ProfileDate{*at, false};
}

Timestamp InstantOf(const ProfileDate& date, const std::string& zone) {
  if (!date.whole_day) return date.at;
  return StartOfDay(zone, std::chrono::floor<std::chrono::days>(date.at));
}

}  // namespace premura
