// SPDX-License-Identifier: Apache-2.0
// Which events a rule names and passed over, and why.

#include "signals/misses.h"

#include <gtest/gtest.h>

#include "tests/signals/stream.h"

namespace premura {
namespace {

std::string Words(const Miss& miss) {
  std::string words = miss.event + ":";
  if (miss.mismatch) {
    words += " " + miss.mismatch->wanted;
    for (const auto& [path, json] : miss.mismatch->found) {
      words += " (" + path + "=" + json + ")";
    }
  }
  if (!miss.lacks.empty()) {
    words += (miss.no_number ? " no number " : " lacks ") + miss.lacks;
  }
  return words;
}

std::vector<std::string> Misses(const std::string& detect,
                                const std::string& stream) {
  const auto rules = RuleList("  - id: r\n    title: R\n    detect: " + detect);
  const CustomerStanding told = ExplainWith(rules, ParseStream(stream), "ann");
  std::vector<std::string> words;
  for (const Miss& miss : told.standings.front().misses) {
    words.push_back(Words(miss));
  }
  return words;
}

TEST(Misses, SayWhatWasWantedAndWhatWasThere) {
  const struct {
    const char* detect;
    const char* stream;
    std::vector<std::string> expected;  // Newest first.
  } cases[] = {
      {"{event_count: {event: view, where: {page|startswith: /b}, gte: 2, "
       "within: 5m}}",
       "ann view 1s page=/a\nann view 2s page=/b\nann other 3s\nann view 4s",
       {"view: page|startswith: /b (page=)",
        "view: page|startswith: /b (page=\"/a\")"}},
      {"{value_count: {event: view, field: page, gte: 2, within: 5m}}",
       "ann view 1s\nann view 2s page=/b",
       {"view: lacks page"}},
      {"{event_count: {event: view, gte: 2, within: 5m, group_by: [svc]}}",
       "ann view 1s\nann view 2s svc=a",
       {"view: lacks svc"}},
      {"{aggregate: {event: pay, field: sum, fn: sum, gte: 5, within: 5m}}",
       "ann pay 1s sum=x\nann pay 2s\nann pay 3s sum=2",
       {"pay: lacks sum", "pay: no number sum"}},
      // Of one of its patterns it is, or cannot be told without an attempt.
      {"{temporal: {all: [{event: a, where: {v: 1}}, {event: a, where: {v: "
       "2}}], within: 5m}}",
       "ann a 1s v=1\nann a 2s v=3",
       {"a: v: 1 (v=3)"}},
      {"{sequence: {steps: [{event: a, as: x}, {event: b, where: {v: $x.v}}], "
       "within: 5m}}",
       "ann a 1s v=1\nann b 2s v=3",
       {}},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(Misses(test.detect, test.stream), test.expected) << test.detect;
  }
}

TEST(Misses, AreAFewOfTheNewest) {
  std::string stream;
  for (int i = 1; i <= 9; ++i)
    stream += "ann a " + std::to_string(i) + "s v=9\n";
  EXPECT_EQ(
      Misses("{event_count: {event: a, where: {v: 1}, gte: 2, within: 5m}}",
             stream)
          .size(),
      5U);
}

TEST(Standing, SaysForWhomTheRuleIsNot) {
  Rig rig(
      RuleList("  - id: r\n    title: R\n    only_for: {tier: pro}\n"
               "    detect: {event_count: {event: a, gte: 2, within: 5m}}"));
  rig.Play("ann a 1s");
  const auto without = rig.engine().Explain("ann").standings.front().not_for;
  ASSERT_TRUE(without);
  EXPECT_EQ(without->wanted, "tier: pro");
  rig.SetProfile("ann", "tier", "\"pro\"");
  EXPECT_FALSE(rig.engine().Explain("ann").standings.front().not_for);
}

TEST(Standing, OfGroupsIsAskedForEach) {
  Rig rig(
      RuleList("  - id: r\n    title: R\n    detect: {event_count: {event: "
               "a, gte: 2, within: 5m, group_by: [g]}}"));
  EXPECT_TRUE(rig.engine().Explain("ann").standings.front().tracks.empty());
  std::string stream;
  for (int i = 1; i <= 25; ++i) {
    stream += "ann a " + std::to_string(i) + "s g=" + std::to_string(i) + "\n";
  }
  rig.Play(stream + "ann a 26s g=7\n");
  const RuleStanding told = rig.engine().Explain("ann").standings.front();
  ASSERT_EQ(told.tracks.size(), 20U);
  EXPECT_EQ(told.groups_untold, 5U);
  EXPECT_EQ(told.tracks[0].group.front().second, "7");
  EXPECT_EQ(told.tracks[0].fired, kStart + std::chrono::seconds(26));
  EXPECT_EQ(told.tracks[0].standing.have, 0);
  EXPECT_EQ(told.tracks[1].group.front().second, "25");
  EXPECT_EQ(told.tracks[1].standing.have, 1);
}

}  // namespace
}  // namespace premura
