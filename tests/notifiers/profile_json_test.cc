// SPDX-License-Identifier: Apache-2.0
#include "notifiers/profile_json.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(ProfileJson, KeepsTheSpellingOfValuesAndTheirTimes) {
  const SaidByEvents said = {
      {"consent.email", {"false", Timestamp(Duration(1767225600123))}},
      {"n", {"1.50", Timestamp::min()}},
      {"na\"me", {"\"Marta \\u00e8\"", Timestamp(Duration(-5))}},
      {"none", {"null", Timestamp(Duration(7))}},
      {"tags", {"[1, \"a\"]", Timestamp::min()}}};
  const ProfileJson json = ToJson(said);
  EXPECT_EQ(json.said_at,
            R"({"consent.email":1767225600123,"na\"me":-5,"none":7})");
  const auto same = SaidFromJson({json.facts, json.said_at});
  ASSERT_TRUE(same.ok()) << same.error().message;
  EXPECT_EQ(same.value(), said);
  const ProfileJson none = ToJson({});
  EXPECT_EQ(none.facts, "{}");
  EXPECT_EQ(none.said_at, "{}");
}

// By a version that did not write when, or by somebody's hand.
TEST(ProfileJson, TimesMayBeOfOtherPaths) {
  const auto said = SaidFromJson({R"({"a":1})", R"({"b":5})"});
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(said.value(), (SaidByEvents{{"a", {"1"}}}));
}

TEST(ProfileJson, SaysWhatIsWrong) {
  struct {
    const char* facts;
    const char* said_at;
    const char* message;
  } const cases[] = {
      {"[1]", "{}", "not a JSON object: "},
      {"{}", "[1]", "said_at: "},
      {R"({"a":1})", R"({"a":"x"})", "said_at: \"x\" is no time"},
      {R"({"a":1})", R"({"a":1.5})", "said_at: 1.5 is no time"},
  };
  for (const auto& each : cases) {
    const auto said = SaidFromJson({each.facts, each.said_at});
    ASSERT_FALSE(said.ok()) << each.facts << each.said_at;
    EXPECT_EQ(said.error().message.rfind(each.message, 0), 0U)
        << said.error().message;
  }
}

}  // namespace
}  // namespace premura
