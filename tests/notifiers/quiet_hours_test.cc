// SPDX-License-Identifier: Apache-2.0
#include "notifiers/quiet_hours.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace premura {
namespace {

constexpr unsigned kSunday = 1U << 0;
constexpr unsigned kSaturday = 1U << 6;

QuietHours Hours(std::vector<QuietHours::Span> spans, unsigned quiet_days = 0) {
  QuietHours hours;
  hours.spans = std::move(spans);
  hours.quiet_days = quiet_days;
  return hours;
}

constexpr int At(int hour, int minute = 0) { return hour * 60 + minute; }

struct Case {
  std::string what;
  QuietHours hours;
  std::string zone;
  std::string at;
  std::string until;  // Equal to `at`: not quiet.
};

TEST(QuietHours, EndByTheClockOnTheCustomersWall) {
  const QuietHours night = Hours({{At(20), At(9)}});
  const QuietHours weekend = Hours({{At(20), At(9)}}, kSaturday | kSunday);
  const std::vector<Case> cases = {
      {"by day", night, "Europe/Rome", "2026-03-10T12:00:00Z",
       "2026-03-10T12:00:00Z"},
      {"evening", night, "Europe/Rome", "2026-03-10T19:00:00Z",
       "2026-03-11T08:00:00Z"},
      {"after midnight", night, "Europe/Rome", "2026-03-11T02:00:00Z",
       "2026-03-11T08:00:00Z"},
      {"the first quiet minute", night, "Europe/Rome", "2026-03-10T18:59:59Z",
       "2026-03-10T18:59:59Z"},
      {"the end is not quiet", night, "Europe/Rome", "2026-03-11T08:00:00Z",
       "2026-03-11T08:00:00Z"},
      // Rome springs forward on 29 March 2026 at 02:00 (01:00 UTC).
      {"night before spring", night, "Europe/Rome", "2026-03-28T22:00:00Z",
       "2026-03-29T07:00:00Z"},
      {"an end in the gap ends at the jump", Hours({{At(0), At(2, 30)}}),
       "Europe/Rome", "2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z"},
      {"a span within the gap does not exist", Hours({{At(2), At(3)}}),
       "Europe/Rome", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
      // ... and falls back on 25 October 2026 at 03:00 (01:00 UTC).
      {"night before autumn", night, "Europe/Rome", "2026-10-24T22:00:00Z",
       "2026-10-25T08:00:00Z"},
      {"an end that comes twice ends first", Hours({{At(0), At(2, 30)}}),
       "Europe/Rome", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"},
      {"and is quiet again by the clock", Hours({{At(0), At(2, 30)}}),
       "Europe/Rome", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
      // New York: 8 March (07:00 UTC), 1 November 2026 (06:00 UTC).
      {"New York, spring", night, "America/New_York", "2026-03-08T03:00:00Z",
       "2026-03-08T13:00:00Z"},
      {"New York, gap", Hours({{At(0), At(2, 30)}}), "America/New_York",
       "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"},
      {"New York, autumn", night, "America/New_York", "2026-11-01T03:00:00Z",
       "2026-11-01T14:00:00Z"},
      {"New York, overlap", Hours({{At(0), At(1, 30)}}), "America/New_York",
       "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"},
      // The south: Sydney springs forward on 4 October 2026 (16:00 UTC, 3rd).
      {"Sydney, spring", night, "Australia/Sydney", "2026-10-03T12:00:00Z",
       "2026-10-03T22:00:00Z"},
      {"Sydney, autumn", night, "Australia/Sydney", "2026-04-04T12:00:00Z",
       "2026-04-04T23:00:00Z"},
      // Half and quarter hours; Lord Howe moves by half an hour.
      {"Kolkata", night, "Asia/Kolkata", "2026-03-10T15:00:00Z",
       "2026-03-11T03:30:00Z"},
      {"Kathmandu", night, "Asia/Kathmandu", "2026-03-10T15:00:00Z",
       "2026-03-11T03:15:00Z"},
      {"Lord Howe, spring", night, "Australia/Lord_Howe",
       "2026-10-03T12:00:00Z", "2026-10-03T22:00:00Z"},
      {"Saturday runs into Sunday and Monday morning", weekend, "Europe/Rome",
       "2026-03-07T10:00:00Z", "2026-03-09T08:00:00Z"},
      {"Friday evening", weekend, "Europe/Rome", "2026-03-06T19:30:00Z",
       "2026-03-09T08:00:00Z"},
      {"a day alone ends at midnight", Hours({}, kSunday), "Europe/Rome",
       "2026-03-08T10:00:00Z", "2026-03-08T23:00:00Z"},
      {"a Sunday of 23 hours", Hours({}, kSunday), "Europe/Rome",
       "2026-03-29T00:00:00Z", "2026-03-29T22:00:00Z"},
      {"spans that touch are one", Hours({{At(8), At(12)}, {At(12), At(14)}}),
       "Etc/UTC", "2026-03-10T09:00:00Z", "2026-03-10T14:00:00Z"},
      {"to the end of the day", Hours({{At(20), At(24)}}), "Etc/UTC",
       "2026-03-10T21:00:00Z", "2026-03-11T00:00:00Z"},
  };
  for (const Case& one : cases) {
    const auto until = QuietUntil(std::vector<QuietHours>{one.hours}, one.zone,
                                  *ParseInstant(one.at));
    ASSERT_TRUE(until) << one.what;
    EXPECT_EQ(FormatInstant(*until), FormatInstant(*ParseInstant(one.until)))
        << one.what;
  }
}

// The definition itself, minute by minute, over both changes of the clock.
TEST(QuietHours, AgreeWithTheClockMinuteByMinute) {
  const std::vector<QuietHours> hours = {
      Hours({{At(22, 30), At(2, 30)}, {At(13), At(14, 15)}}, kSunday)};
  for (const char* zone : {"Europe/Rome", "America/New_York",
                           "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    for (const char* start : {"2026-03-06T00:00:00Z", "2026-03-27T00:00:00Z",
                              "2026-10-02T00:00:00Z", "2026-10-23T00:00:00Z",
                              "2026-10-30T00:00:00Z"}) {
      const Timestamp begin = *ParseInstant(start);
      std::optional<Timestamp> end;  // As the walk backwards finds it.
      for (int minute = 4 * 1440; minute >= 0; --minute) {
        const Timestamp at = begin + std::chrono::minutes(minute);
        if (!IsQuiet(hours, zone, at)) end = at;
        if (!end) continue;
        ASSERT_EQ(QuietUntil(hours, zone, at), end)
            << zone << " " << FormatInstant(at);
      }
    }
  }
}

TEST(QuietHours, AllWeekIsAlways) {
  const std::vector<QuietHours> hours = {Hours({}, 0x7f)};
  EXPECT_FALSE(
      QuietUntil(hours, "Europe/Rome", *ParseInstant("2026-03-28T10:00:00Z")));
}

TEST(QuietHours, AreOfTheZoneOfTheProfileElseOfTheOneConfigured) {
  RestraintPolicy policy;
  ProfileStore profiles;
  profiles.Restore("acme", {{"country", {"\"IT\""}}});
  const auto known = profiles.Get("acme");
  const auto unknown = profiles.Get("nobody");
  EXPECT_EQ(ZoneOf(unknown.get(), policy), "");
  policy.timezone_missing = "Etc/UTC";
  EXPECT_EQ(ZoneOf(known.get(), policy), "Europe/Rome");
  EXPECT_EQ(ZoneOf(unknown.get(), policy), "Etc/UTC");
  EXPECT_EQ(ZoneOf(nullptr, policy), "Etc/UTC");
}

}  // namespace
}  // namespace premura
