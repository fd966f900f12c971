// SPDX-License-Identifier: Apache-2.0

#include "signals/event_time.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
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

int TwoDigits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// Whether `text` has digits where `form` has zeros, and the rest of `form`.
bool HasForm(std::string_view text, std::string_view form) {
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return false;
  }
  return true;
}

constexpr std::string_view kDateForm = "0000-00-00";

// "2026-01-01": nearly always that of the event before. True if it is one.
bool ReadDate(std::string_view text, std::chrono::sys_days* days) {
  struct Before {
    bool known = false;
    char text[kDateForm.size()] = {};
    std::chrono::sys_days days;
  };
  thread_local Before before;
  if (before.known &&
      std::memcmp(before.text, text.data(), kDateForm.size()) == 0) {
    *days = before.days;
    return true;
  }
  if (!HasForm(text, kDateForm)) return false;
  const std::chrono::year_month_day date{
      std::chrono::year(TwoDigits(text, 0) * 100 + TwoDigits(text, 2)),
      std::chrono::month(static_cast<unsigned>(TwoDigits(text, 5))),
      std::chrono::day(static_cast<unsigned>(TwoDigits(text, 8)))};
  if (!date.ok()) return false;
  std::memcpy(before.text, text.data(), kDateForm.size());
  before.known = true;
  *days = before.days = std::chrono::sys_days(date);
  return true;
}

// "2026-01-01T00:00:00Z" and "2026-01-01T00:00:00.000Z": what nearly every
// sender writes, read without going through all that RFC 3339 allows. True if
// it is one of them. (No std::optional: the processor would wait for its two
// halves, written one by one and read at once.)
bool ReadUsualText(std::string_view text, Timestamp* read) {
  constexpr std::size_t kDate = 10;
  constexpr std::string_view kForm = "T00:00:00.000Z";
  constexpr std::string_view kWhole = "T00:00:00Z";
  if (text.size() != kDate + kForm.size() &&
      text.size() != kDate + kWhole.size()) {
    return false;
  }
  const bool whole = text.size() == kDate + kWhole.size();
  const std::string_view time = text.substr(kDate);
  if (!HasForm(time, whole ? kWhole : kForm)) return false;
  std::chrono::sys_days days;
  if (!ReadDate(text, &days)) return false;
  const int hour = TwoDigits(time, 1);
  const int minute = TwoDigits(time, 4);
  const int second = TwoDigits(time, 7);
  if (hour > 23 || minute > 59 || second > 59) return false;
  const int milliseconds =
      whole ? 0 : TwoDigits(time, 10) * 10 + (time[12] - '0');
  *read = days +
          Duration(((hour * 60 + minute) * 60 + second) * 1000 + milliseconds);
  return true;
}

std::optional<Timestamp> FromText(std::string_view text) {
  if (Timestamp usual; ReadUsualText(text, &usual)) return usual;
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
