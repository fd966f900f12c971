// SPDX-License-Identifier: Apache-2.0
#include "signals/profile_date.h"

#include <gtest/gtest.h>

#include "signals/arena.h"
#include "signals/json_reader.h"

namespace premura {
namespace {

// "" if it is none; a date without a time ends in " day".
std::string Read(const std::string& json) {
  Arena arena(256);
  const auto date = ReadProfileDate(ParseJsonValue(json, &arena));
  if (!date) return "";
  return FormatInstant(date->at) + (date->whole_day ? " day" : "");
}

TEST(ProfileDate, IsReadAsProfilesWriteIt) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("2026-01-11")", "2026-01-11T00:00:00.000Z day"},
      {R"("2024-02-29")", "2024-02-29T00:00:00.000Z day"},
      {R"("2026-01-11T09:30:00+01:00")", "2026-01-11T08:30:00.000Z"},
      {R"("2026-01-11 09:30:00z")", "2026-01-11T09:30:00.000Z"},
      {"1768089600", "2026-01-11T00:00:00.000Z"},
      {"1768089600000", "2026-01-11T00:00:00.000Z"},
      {"1768089600.5", "2026-01-11T00:00:00.500Z"},
      {R"("1768089600")", "2026-01-11T00:00:00.000Z"},
      {R"("9999-12-31")", "9999-12-31T00:00:00.000Z day"},
      {R"("2026-02-29")", ""},
      {R"("2026-1-11")", ""},
      {R"("2026-01-11 ")", ""},
      {R"("2026-01-11T09:30:00")", ""},  // Of which zone?
      {R"("11.01.2026")", ""},
      {"20260111", ""},  // 1970, as a number.
      {R"("20260111")", ""},
      {"5", ""},
      {"1e300", ""},
      {"true", ""},
      {"null", ""},
      {R"("")", ""},
      {R"(["2026-01-11"])", ""},
  };
  for (const auto& [json, expected] : cases) {
    EXPECT_EQ(Read(json), expected) << json;
  }
}

TEST(ProfileDate, ComesByTheClockOfTheZoneIfItHasNoTime) {
  const Timestamp day = *ParseDate("2026-01-11");
  EXPECT_EQ(FormatInstant(InstantOf({day, true}, "Asia/Tokyo")),
            "2026-01-10T15:00:00.000Z");
  EXPECT_EQ(InstantOf({day, false}, "Asia/Tokyo"), day);
}

}  // namespace
}  // namespace premura
