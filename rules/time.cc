// SPDX-License-Identifier: Apache-2.0
#include "rules/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

// Largest first: FormatDuration takes the first that divides.
constexpr std::array<Unit, 6> kUnits = {{{"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};

// Years 0000 to 9999: what RFC 3339 can write.
constexpr Timestamp kFirst = std::chrono::sys_days(std::chrono::year_month_day(
    std::chrono::year(0), std::chrono::month(1), std::chrono::day(1)));
constexpr Timestamp kEnd = std::chrono::sys_days(std::chrono::year_month_day(
    std::chrono::year(10'000), std::chrono::month(1), std::chrono::day(1)));

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads a text from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool AtDigit() const { return !rest_.empty() && IsDigit(rest_.front()); }

  // Exactly `count` digits.
  std::optional<int> Digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!IsDigit(rest_[i])) return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return number;
  }

  // The character read, if it is one of `choices`; else 0.
  char OneOf(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == choices.npos) return 0;
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::sys_days> ReadDate(Reader* reader) {
  const auto year = reader->Digits(4);
  if (!year || !reader->OneOf("-")) return std::nullopt;
  const auto month = reader->Digits(2);
  if (!month || !reader->OneOf("-")) return std::nullopt;
  const auto day = reader->Digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

// "12:30:05.25"; what is finer than a millisecond is cut off. A leap second
// is the first instant of the next minute.
std::optional<Duration> ReadTimeOfDay(Reader* reader) {
  const auto hour = reader->Digits(2);
  if (!hour || *hour > 23 || !reader->OneOf(":")) return std::nullopt;
  const auto minute = reader->Digits(2);
  if (!minute || *minute > 59 || !reader->OneOf(":")) return std::nullopt;
  const auto second = reader->Digits(2);
  if (!second || *second > 60) return std::nullopt;
  Duration time = hours(*hour) + minutes(*minute) + seconds(*second);
  if (!reader->OneOf(".,")) return time;
  if (!reader->AtDigit()) return std::nullopt;
  for (int scale = 100; reader->AtDigit(); scale /= 10) {
    time += Duration(scale * *reader->Digits(1));
  }
  return time;
}

std::optional<Duration> ReadOffset(Reader* reader) {
  const char sign = reader->OneOf("Zz+-");
  if (sign == 0) return std::nullopt;
  if (sign == 'Z' || sign == 'z') return Duration(0);
  const auto hour = reader->Digits(2);
  if (!hour || *hour > 23 || !reader->OneOf(":")) return std::nullopt;
  const auto minute = reader->Digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  const Duration offset = hours(*hour) + minutes(*minute);
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  std::int64_t number = 0;
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : kUnits) {
    if (text != unit.name) continue;
    const auto limit = std::numeric_limits<std::int64_t>::max();
    if (number > limit / unit.milliseconds) return std::nullopt;
    return Duration(number * unit.milliseconds);
  }
  return std::nullopt;
}

std::string FormatDuration(Duration duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  const auto unit = std::find_if(
      kUnits.begin(), kUnits.end(),
      [count](const Unit& u) { return count % u.milliseconds == 0; });
  return fmt::format("{}{}", count / unit->milliseconds, unit->name);
}

std::optional<Timestamp> ParseInstant(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return ParseRfc3339(text);
  const Timestamp instant{Duration(number)};
  if (instant < kFirst || instant >= kEnd) return std::nullopt;
  return instant;
}

std::optional<Timestamp> ParseRfc3339(std::string_view text) {
  Reader reader(text);
  const auto date = ReadDate(&reader);
  if (!date || !reader.OneOf("Tt ")) return std::nullopt;
  const auto time = ReadTimeOfDay(&reader);
  if (!time) return std::nullopt;
  const auto offset = ReadOffset(&reader);
  if (!offset || !reader.done()) return std::nullopt;
  const Timestamp instant = *date + *time - *offset;
  if (instant < kFirst || instant >= kEnd) return std::nullopt;
  return instant;
}

std::optional<std::chrono::sys_days> ParseDate(std::string_view text) {
  Reader reader(text);
  const auto date = ReadDate(&reader);
  return reader.done() ? date : std::nullopt;
}

std::string FormatInstant(Timestamp instant) {
  instant = std::clamp(instant, kFirst, kEnd - Duration(1));
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace premura
