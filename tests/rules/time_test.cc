// SPDX-License-Identifier: Apache-2.0
#include "rules/time.h"

#include <gtest/gtest.h>

#include <limits>

#include "rules/readable_duration.h"

namespace premura {
namespace {

using std::chrono::milliseconds;

TEST(DurationTest, IsAWholeNumberAndAUnit) {
  EXPECT_EQ(ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(ParseDuration("90s"), milliseconds(90'000));
  EXPECT_EQ(ParseDuration("15m"), milliseconds(900'000));
  EXPECT_EQ(ParseDuration("24h"), milliseconds(86'400'000));
  EXPECT_EQ(ParseDuration("7d"), milliseconds(604'800'000));
  EXPECT_EQ(ParseDuration("2w"), milliseconds(1'209'600'000));
  EXPECT_EQ(ParseDuration("0s"), milliseconds(0));
  EXPECT_EQ(ParseDuration("9223372036854775807ms"),
            milliseconds(9223372036854775807));
}

TEST(DurationTest, IsNothingElse) {
  for (const char* text : {"", "s", "90", "1.5h", "-1s", "+1s", " 1s", "1 s",
                           "1s ", "1y", "1M", "1h30m", "9223372036854775808ms",
                           "9223372036854775807s", "99999999999999999999s"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(DurationTest, IsWrittenInTheLargestUnitThatDividesIt) {
  EXPECT_EQ(FormatDuration(milliseconds(0)), "0s");
  EXPECT_EQ(FormatDuration(milliseconds(1)), "1ms");
  EXPECT_EQ(FormatDuration(milliseconds(1'500)), "1500ms");
  EXPECT_EQ(FormatDuration(milliseconds(900'000)), "15m");
  EXPECT_EQ(FormatDuration(milliseconds(86'400'000)), "1d");
  EXPECT_EQ(FormatDuration(milliseconds(604'800'000)), "1w");
  EXPECT_EQ(FormatDuration(milliseconds(-60'000)), "-1m");
}

TEST(DurationTest, IsToldInUnitsThatAPersonReads) {
  const struct {
    std::int64_t ms;
    const char* told;
  } cases[] = {
      {0, "0s"},
      {1, "1ms"},
      {1'500, "1s 500ms"},
      {900'000, "15m"},
      {5'400'000, "1h 30m"},
      {86'400'000, "1d"},
      {90'061'000, "1d 1h 1m 1s"},
      {217'800'000, "2d 12h 30m"},
      {604'800'000, "7d"},
      {3'600'001, "1h 1ms"},
      {-1, "-1ms"},
      {-5'400'000, "-1h 30m"},
      {std::numeric_limits<std::int64_t>::min(),
       "-106751991167d 7h 12m 55s 808ms"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadableDuration(milliseconds(c.ms)), c.told);
  }
}

struct InstantCase {
  const char* text;
  const char* meant;
};

TEST(InstantTest, IsRfc3339OrEpochMilliseconds) {
  const InstantCase cases[] = {
      {"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"},
      {"2026-01-01t00:00:00z", "2026-01-01T00:00:00.000Z"},
      {"2026-01-01 00:00:00Z", "2026-01-01T00:00:00.000Z"},
      {"2026-01-01T00:00:00.5+01:00", "2025-12-31T23:00:00.500Z"},
      {"2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123Z"},
      {"2024-02-29T12:00:00-23:59", "2024-03-01T11:59:00.000Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
      {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
      {"1767225600000", "2026-01-01T00:00:00.000Z"},
      {"-1", "1969-12-31T23:59:59.999Z"},
  };
  for (const InstantCase& c : cases) {
    const auto instant = ParseInstant(c.text);
    ASSERT_TRUE(instant.has_value()) << c.text;
    EXPECT_EQ(FormatInstant(*instant), c.meant);
  }
}

TEST(InstantTest, IsNothingElse) {
  for (const char* text : {"",
                           "2026-01-01",
                           "2026-01-01T00:00:00",
                           "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-01-01T24:00:00Z",
                           "2026-01-01T00:60:00Z",
                           "2026-01-01T00:00:61Z",
                           "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+1:00",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+00:60",
                           "2026-01-01T00:00:00Zx",
                           "26-01-01T00:00:00Z",
                           "1e3",
                           "1.5",
                           "253402300800000",
                           "-62167219200001",
                           "9223372036854775807",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01"}) {
    EXPECT_EQ(ParseInstant(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseRfc3339("1767225600000"), std::nullopt);
}

TEST(InstantTest, IsWrittenWithinFourDigitYears) {
  EXPECT_EQ(FormatInstant(Timestamp::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatInstant(Timestamp::min()), "0000-01-01T00:00:00.000Z");
}

TEST(DateTest, IsADayAndNothingMore) {
  EXPECT_EQ(ParseDate("2024-02-29"), ParseInstant("2024-02-29T00:00:00Z"));
  for (const char* text :
       {"", "2026-02-29", "2026-1-01", "2026-01-01T00:00:00Z", "2026-01-01 ",
        "20260101", "2026-13-01", "01.01.2026"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace premura
