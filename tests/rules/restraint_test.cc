// SPDX-License-Identifier: Apache-2.0
#include "rules/restraint.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(FrequencyCapTest, IsACountInAWindow) {
  Document document =
      Document::Parse("c.yaml", "{email: 2/7d, any: 3 / 1w, sms: 1/24h}");
  const FrequencyCaps caps = ReadFrequencyCaps(document.root());
  EXPECT_TRUE(document.diagnostics().empty());
  ASSERT_EQ(caps.size(), 3U);
  EXPECT_EQ(caps.at("email").count, 2);
  EXPECT_EQ(caps.at("email").window, std::chrono::hours(168));
  EXPECT_EQ(caps.at("any").window, std::chrono::hours(168));
}

TEST(FrequencyCapTest, IsNothingElse) {
  for (const char* text : {"2", "2/", "/7d", "0/7d", "-1/7d", "2/0d", "2/7",
                           "1001/7d", "2.5/7d", "two/7d", "99999999999/1d"}) {
    Document document = Document::Parse("c.yaml", text);
    EXPECT_FALSE(ReadFrequencyCap(document.root()).has_value()) << text;
    EXPECT_EQ(document.diagnostics().size(), 1U) << text;
  }
}

TEST(FrequencyCapTest, IsWrittenByChannelAsQuietHoursAre) {
  Document document = Document::Parse("r.yaml", "{a: 2/7d, b: none}");
  Mapping mapping = document.root().AsMapping("r");
  EXPECT_TRUE(ReadFrequencyCaps(mapping.Get("a")).empty());
  EXPECT_TRUE(ReadQuietHoursByChannel(mapping.Get("b")).empty());
  EXPECT_TRUE(ReadQuietHoursByChannel(mapping.Get("c")).empty());
  const Diagnostics mistakes = document.diagnostics();
  ASSERT_EQ(mistakes.size(), 2U);
  EXPECT_EQ(mistakes[0].message, "`frequency_cap` is written by channel");
  EXPECT_EQ(mistakes[0].hint, "write frequency_cap: {email: 2/7d, sms: 1/7d}");
  EXPECT_EQ(mistakes[1].message, "`quiet_hours` is written by channel");
  EXPECT_EQ(mistakes[1].hint,
            "write quiet_hours: {email: none, sms: \"20:00-09:00, sun\"}");
}

std::optional<QuietHours> Quiet(const std::string& text) {
  Document document = Document::Parse("q.yaml", "\"" + text + "\"");
  return ReadQuietHours(document.root());
}

TEST(QuietHoursTest, AreSpansAndDays) {
  const auto hours = Quiet("20:00-09:00, 12:30-13:15,sat, sun");
  ASSERT_TRUE(hours.has_value());
  ASSERT_EQ(hours->spans.size(), 2U);
  EXPECT_EQ(hours->spans[0].from_minute, 1200);
  EXPECT_EQ(hours->spans[0].to_minute, 540);
  EXPECT_EQ(hours->quiet_days, 0b1000001U);
  EXPECT_TRUE(Quiet("none")->empty());
  EXPECT_EQ(Quiet("20:00-24:00")->spans[0].to_minute, 1440);
  EXPECT_EQ(Quiet("20:00-00:00")->spans[0].to_minute, 1440);
  EXPECT_EQ(Quiet("00:00-24:00")->spans[0].from_minute, 0);
  EXPECT_EQ(Quiet("24:00-06:00")->spans[0].from_minute, 0);
}

TEST(QuietHoursTest, AreNothingElse) {
  for (const char* text :
       {"", ",", "20:00", "20:00-", "20-9", "20:00-25:00", "20:60-21:00",
        "24:01-25:00", "20:00-20:00", "24:00-00:00", "monday", "Sat",
        "none, sat", "20:00-09:00,"}) {
    const auto hours = Quiet(text);
    const bool whole_day = std::string_view(text) == "24:00-00:00";
    EXPECT_EQ(hours.has_value(), whole_day) << text;
  }
}

TEST(QuietHoursTest, AreWrittenAsTheyAreRead) {
  for (const char* text : {"none", "20:00-09:00, sat, sun", "mon, fri",
                           "00:00-24:00", "08:05-08:10, 09:00-10:00"}) {
    EXPECT_EQ(FormatQuietHours(*Quiet(text)), text);
  }
}

}  // namespace
}  // namespace premura
