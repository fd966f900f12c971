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
  if (number < kFirstMilliseconds) number *= 1000;
  return Timestamp(Duration(number));
}

std::optional<Timestamp> FromReal(double number) {
  if (!(std::abs(number) < kLargest)) return std::nullopt;
  if (number < double(kFirstMilliseconds)) number *= 1000;
  return Timestamp(Duration(static_cast<std::int64_t>(std::floor(number))));
}

std::optional<Timestamp> FromText(std::string_view text) {
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
