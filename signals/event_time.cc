// SPDX-License-Identifier: Apache-2.0

#include "signals/event_time.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace premura {

namespace {

constexpr std::int64_t kFirstMilliseconds = 100'000'000'000;
constexpr double kLargest = 1e16;

std::optional<Timestamp> FromNumber(std::int64_t number) {
  if (std::abs(static_cast<double>(number)) >= kLargest) return std::nullopt;
  if (number < -kFirstMilliseconds) return std::nullopt;
  if (number < kFirstMilliseconds) number *= 1000;
  return Timestamp(Duration(number));
}

std::optional<Timestamp> FromReal(double number) {
  if (!(std::abs(number) < kLargest)) return std::nullopt;
  if (number < -double(kFirstMilliseconds)) return std::nullopt;
  if (number < double(kFirstMilliseconds)) number *= 1000;
  return Timestamp(Duration(static_cast<std::int64_t>(std::floor(number))));
}

// "2026-01-01T00:00:00Z" and "2026-01-01T00:00:00.000Z": what nearly every
// sender writes, read without going through all that RFC 3339 allows.
std::optional<Timestamp> FromUsualText(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00.000Z";
  constexpr std::size_t kSeconds = 19;
  if (text.size() != kForm.size() && text.size() != kSeconds + 1) return {};
  if (text.back() != 'Z') return {};
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return {};
  }
  const auto two = [&text](std::size_t at) {
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
  };
  const std::chrono::year_month_day date{
      std::chrono::year(two(0) * 100 + two(2)),
      std::chrono::month(static_cast<unsigned>(two(5))),
      std::chrono::day(static_cast<unsigned>(two(8)))};
  const int hour = two(11);
  const int minute = two(14);
  const int second = two(17);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return {};
  const int milliseconds =
      text.size() == kForm.size() ? two(20) * 10 + (text[22] - '0') : 0;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) +
         Duration(milliseconds);
}

std::optional<Timestamp> FromText(std::string_view text) {
  if (const auto usual = FromUsualText(text)) return usual;
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (rest == end && error == std::errc()) return FromNumber(number);
  return ParseRfc3339(text);
}

}  // namespace

std::optional<Timestamp> ReadEventTime(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kInteger:
      return FromNumber(value.integer());
    case Value::Kind::kReal:
      return FromReal(value.number());
    case Value::Kind::kText:
      return FromText(value.text());
    default:
      return std::nullopt;
  }
}

}  // namespace premura
