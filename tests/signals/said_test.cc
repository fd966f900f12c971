// SPDX-License-Identifier: Apache-2.0
#include "signals/said.h"

#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "signals/varint.h"

namespace premura {
namespace {

constexpr Timestamp kUnknown = Timestamp::min();

Timestamp At(int second) { return Timestamp(std::chrono::seconds(second)); }

ProfileChange Change(Timestamp at, const std::string& path,
                     const std::string& json) {
  return {.customer = "ada", .time = at, .entries = {{path, json}}};
}

TEST(SaidTest, TheLaterWordHolds) {
  struct Word {
    Timestamp at;
    const char* json;
  };
  struct {
    const char* path;
    std::vector<Word> words;  // In the order in which they come.
    Said held;
  } const cases[] = {
      {"tier", {{At(1), "1"}, {At(2), "2"}}, {"2", At(2)}},
      {"tier", {{At(2), "2"}, {At(1), "1"}}, {"2", At(2)}},
      {"tier", {{At(1), "1"}, {At(1), "2"}}, {"2", At(1)}},
      {"tier", {{At(1), "1"}, {At(3), "1"}, {At(2), "2"}}, {"1", At(3)}},
      {"tier", {{At(2), "null"}, {At(1), "1"}}, {"null", At(2)}},
      {"tier", {{At(1), "1"}, {kUnknown, "2"}}, {"2", At(1)}},
      {"tier", {{kUnknown, "1"}, {At(1), "2"}}, {"2", At(1)}},
      // Of consents at one time, what permits less.
      {"consent.email", {{At(1), "true"}, {At(2), "false"}}, {"false", At(2)}},
      {"consent.email", {{At(2), "false"}, {At(1), "true"}}, {"false", At(2)}},
      {"consent.email", {{At(1), "false"}, {At(2), "true"}}, {"true", At(2)}},
      {"consent.email", {{At(2), "true"}, {At(1), "false"}}, {"true", At(2)}},
      {"Consent.sms", {{At(1), "false"}, {At(1), "\"yes\""}}, {"false", At(1)}},
      {"consent.sms",
       {{At(1), "\"yes\""}, {At(1), "\"no\""}},
       {"\"no\"", At(1)}},
      {"consent.sms", {{At(1), "false"}, {At(1), "null"}}, {"false", At(1)}},
      {"consent.sms", {{At(1), "true"}, {At(1), "null"}}, {"null", At(1)}},
      {"consent.sms",
       {{At(9), "true"}, {kUnknown, "false"}, {At(9), "true"}},
       {"false", At(9)}},
      {"consent.sms", {{kUnknown, "true"}}, {"true", kUnknown}},
      {"consent.sms", {{At(1), "false"}, {kUnknown, "true"}}, {"false", At(1)}},
  };
  for (const auto& each : cases) {
    SaidByEvents said;
    for (const Word& word : each.words) {
      EXPECT_EQ(MergeSaid(Change(word.at, each.path, word.json), &said), 0U);
    }
    EXPECT_EQ(said.at(each.path).json, each.held.json) << each.path;
    EXPECT_EQ(said.at(each.path).at, each.held.at) << each.path;
  }
}

// Reading again from anywhere changes nothing at any time.
TEST(SaidTest, WhatIsReadAgainTakesNothingBack) {
  const std::vector<ProfileChange> changes = {
      Change(At(1), "consent.email", "true"),
      Change(At(2), "tier", "1"),
      Change(At(3), "consent.email", "false"),
      Change(At(4), "tier", "2"),
      Change(At(4), "email", "\"old@example.com\""),
      Change(At(5), "email", "\"new@example.com\""),
      Change(At(6), "tier", "null")};
  SaidByEvents said;
  for (const ProfileChange& change : changes) MergeSaid(change, &said);
  const SaidByEvents before = said;
  for (std::size_t from = 0; from < changes.size(); ++from) {
    for (std::size_t i = from; i < changes.size(); ++i) {
      MergeSaid(changes[i], &said);
      EXPECT_EQ(said, before) << from << " " << i;
    }
  }
}

TEST(SaidTest, WhatIsGoneMakesRoom) {
  SaidByEvents said;
  for (std::size_t i = 0; i < kMaxProfilePaths; ++i) {
    MergeSaid(Change(At(1), std::to_string(i), "1"), &said);
  }
  EXPECT_EQ(MergeSaid(Change(At(2), "more", "1"), &said), 1U);
  MergeSaid(Change(At(2), "7", "null"), &said);
  EXPECT_EQ(said.size(), kMaxProfilePaths);
  EXPECT_EQ(MergeSaid(Change(At(3), "more", "1"), &said), 0U);
  EXPECT_EQ(said.size(), kMaxProfilePaths);
  EXPECT_FALSE(said.contains("7"));
}

TEST(SaidTest, HasBounds) {
  std::map<std::string, SaidByEvents> said;
  const auto merge = [&said](const ProfileChange& change) {
    return MergeSaid(change, &said[change.customer]);
  };
  const std::string most =
      '"' + std::string(kMaxProfileValueBytes - 2, 'x') + '"';
  EXPECT_EQ(
      merge({.customer = "a", .entries = {{"v", most}, {"w", most + "x"}}}),
      1u);
  EXPECT_EQ(merge({.customer = "a", .entries = {{std::string(257, 'p'), "1"}}}),
            1u);
  EXPECT_EQ(said["a"].size(), 1u);
  for (int i = 1; i < 16; ++i)
    merge({.customer = "a", .entries = {{std::to_string(i), most}}});
  EXPECT_EQ(said["a"].size(), 15u) << "64 KiB";
  EXPECT_EQ(merge({.customer = "a", .entries = {{"v", "1"}, {"15", most}}}),
            0u);
  EXPECT_EQ(merge({.customer = "a", .entries = {{"15", "null"}, {"16", most}}}),
            0u);

  for (int i = 0; i < 300; ++i)
    merge({.customer = "b", .entries = {{std::to_string(i), "1"}}});
  EXPECT_EQ(said["b"].size(), kMaxProfilePaths);
  EXPECT_EQ(merge({.customer = "b", .entries = {{"7", "22"}}}), 0u)
      << "known already";
}

TEST(SaidTest, ConsentsAreNotCrowdedOut) {
  std::map<std::string, SaidByEvents> said;
  const auto merge = [&said](const ProfileChange& change) {
    return MergeSaid(change, &said[change.customer]);
  };
  for (int i = 0; i < 300; ++i)
    merge({.customer = "a", .entries = {{std::to_string(i), "1"}}});
  EXPECT_EQ(merge({.customer = "a", .entries = {{"Consent.email", "false"}}}),
            0u);
  EXPECT_EQ(said["a"].at("Consent.email").json, "false");
  EXPECT_FALSE(said["a"].contains("consent"));
  EXPECT_EQ(
      merge({.customer = "a",
             .entries = {{"consent.sms", '"' + std::string(5000, 'n') + '"'}}}),
      1u);
  EXPECT_EQ(said["a"].at("consent").json, "false") << "no permission";
}

TEST(SaidTest, IsPackedAndUnpacked) {
  for (const SaidByEvents& said :
       {SaidByEvents{}, SaidByEvents{{"", {"1", At(5)}}},
        SaidByEvents{{"", {"1", At(5)}}, {"\xF4\x8F\xBF\xBF", {"2", At(6)}}},
        SaidByEvents{{"a", {"1", At(5)}},
                     {"b", {"null", kUnknown}},
                     {"c", {"\"x\"", Timestamp(Duration(-3))}}}}) {
    const std::string record = PackSaid(said);
    EXPECT_FALSE(record.empty());
    const auto same = UnpackSaid(record);
    ASSERT_TRUE(same.ok());
    EXPECT_EQ(same.value(), said);
  }
}

TEST(SaidTest, UnpacksWhatKnewNoTimes) {
  std::string record;
  AppendVarint(1, &record);
  AppendText("tier", &record);
  AppendText("\"gold\"", &record);
  const auto said = UnpackSaid(record);
  ASSERT_TRUE(said.ok());
  EXPECT_EQ(said.value(), (SaidByEvents{{"tier", {"\"gold\""}}}));
}

TEST(SaidTest, UnpacksNothingDamaged) {
  const std::string record =
      PackSaid({{"a", {"1", At(5)}}, {"b", {"2", At(6)}}});
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto said = UnpackSaid(std::string_view(record).substr(0, size));
    ASSERT_FALSE(said.ok()) << size;
    EXPECT_EQ(said.error().message, "its profile is damaged");
  }
  EXPECT_FALSE(UnpackSaid(record + "x").ok());
}

}  // namespace
}  // namespace premura
