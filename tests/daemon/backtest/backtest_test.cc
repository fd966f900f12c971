// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: any number of cores, repeated runs, whom rules leave out,
// speed. What it shows of one run: backtest_command_test.cc.

#include "daemon/backtest/backtest.h"

#include <gmock/gmock.h>

#include "tests/daemon/backtest/backtest_fixture.h"

namespace premura {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(BacktestTest, TheNumberOfCoresChangesNothing) {
  const std::vector<std::vector<std::string>> ways = {
      {"--output", "jsonl", "--detections-only"},
      {"--output", "jsonl"},
      {"--output", "csv", "--allowed-lateness", "30s"},
      {"--output", "jsonl", "--reorder", "6m", "--until",
       "2026-01-02T00:00:00Z"},
      {"--sort", "--from", "2026-01-01T00:20:00Z"},
      {"--output", "jsonl", "--sort", "--success"},
  };
  for (const std::vector<std::string>& way : ways) {
    std::string expected;
    for (const char* cores : {"1", "2", "5"}) {
      std::vector<std::string> more = way;
      more.insert(more.end(), {"--cores", cores});
      const Ran ran = Backtest(more);
      ASSERT_EQ(ran.code, kOk) << ran.err;
      ASSERT_GT(ran.out.size(), 200U);
      if (expected.empty()) expected = ran.out;
      EXPECT_TRUE(ran.out == expected) << ::testing::PrintToString(more);
    }
  }
}

// What is found, in one line each, and the events.
class Noted final : public BacktestSink {
 public:
  void OnDetection(const Detection& detection) override {
    lines.push_back(detection.rule->id + " " + detection.customer);
  }
  void OnContact(const SimulatedContact&) override {}
  bool WantsEvents() const override { return true; }
  void OnEvent(const Event& event) override {
    lines.push_back(fmt::format("{} {}", event.name, event.customer));
  }
  void OnProfile(const ProfileChange& change) override {
    lines.push_back("profile " + change.customer);
  }
  std::vector<std::string> lines;
};

TEST_F(BacktestTest, ASinkSeesEventsBetweenTimersAndWhatTheyCause) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - {id: two, title: Two, detect: {event_count: {event: failed, gte: 2, within: 10m}}}
  - {id: silent, title: Silent, detect: {absence: {after: failed, without: solved, for: 5m}}}
)");
  folder_.Write("events.jsonl",
                R"({"customer":"a","event":"failed","ts":1767225600})"
                "\n"
                R"({"customer":"b","event":"failed","ts":1767225600})"
                "\n"
                R"({"customer":"b","event":"failed","ts":1767225900})"
                "\n");
  const auto rules =
      LoadRulePaths(std::vector<std::string>{folder_.Path("rules")}, {}).rules;
  const auto events = OpenPastFile(folder_.Path("events.jsonl"), 1 << 20);
  ASSERT_TRUE(events.ok());
  for (const int cores : {1, 2, 3}) {  // The same events, read again.
    BacktestOptions options;
    options.cores = cores;
    Noted noted;
    const auto counts =
        RunBacktest(events.value().get(), options, rules, &noted);
    ASSERT_TRUE(counts.ok()) << counts.error().message;
    EXPECT_EQ(counts.value().events, 3U);
    EXPECT_EQ(counts.value().detections, 3U);
    EXPECT_THAT(noted.lines, ElementsAre("failed a", "failed b", "silent a",
                                         "silent b", "failed b", "two b"));
  }
}

TEST_F(BacktestTest, StandardInputIsReadOnce) {
  const Ran ran = Premura({"backtest", "--rules", folder_.Path("rules"),
                           "--events", "-", "--against", "HEAD"});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_THAT(ran.err, HasSubstr("`--against` reads the events twice"));
}

TEST_F(BacktestTest, SaysWhereItsEventsShallComeFrom) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "backtest needs --events, or --topic with --brokers, or -c"},
      {{"--topic", "t"}, "backtest needs --events, or --topic with --brokers"},
      {{"--brokers", "b:9092"}, "backtest needs --events, or --topic with"},
      {{"--topic", "t", "--brokers", "b:9092", "--warm-up", "long"},
       "--warm-up is `long`, which is no duration"},
  };
  for (const auto& [more, message] : cases) {
    std::vector<std::string> arguments = {"backtest", "--rules",
                                          folder_.Path("rules")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = Premura(std::move(arguments));
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_THAT(ran.err, HasSubstr(message));
  }
}

// CLI11 names the two in the order of their addresses.
TEST_F(BacktestTest, SaysWhichOptionsExcludeEachOther) {
  const std::pair<std::vector<std::string>, std::vector<std::string>> cases[] =
      {{{"--topic", "t"}, {"--events", "e"}},
       {{"--success"}, {"--against", "x"}}};
  for (const auto& [one, other] : cases) {
    std::vector<std::string> arguments = {"backtest", "--rules",
                                          folder_.Path("rules")};
    arguments.insert(arguments.end(), one.begin(), one.end());
    arguments.insert(arguments.end(), other.begin(), other.end());
    const Ran ran = Premura(std::move(arguments));
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_THAT(ran.err, AnyOf(HasSubstr(one[0] + " excludes " + other[0]),
                               HasSubstr(other[0] + " excludes " + one[0])));
  }
}

TEST_F(BacktestTest, OnATerminalTheSpeedIsSaid) {
  const std::vector<std::vector<std::string>> ways = {
      {},
      {"--output", "csv"},
      {"--against", folder_.Path("rules")},
      {"--tune", "fails", "gte=2..3"}};
  for (const std::vector<std::string>& way : ways) {
    std::vector<std::string> words = {"backtest", "--rules",
                                      folder_.Path("rules"), "--events",
                                      folder_.Path("events.jsonl")};
    words.insert(words.end(), way.begin(), way.end());
    const std::string events =
        way.empty() || way[0] == "--output" ? "1,200" : "2,400";
    EXPECT_THAT(PremuraOnATerminal(words).err,
                ::testing::ContainsRegex(events + " events in .* a second\n"));
    EXPECT_EQ(Premura(words).err.find("a second"), std::string::npos);
  }
}

TEST_F(BacktestTest, WhomOnlyForLeavesOutIsCounted) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: gold
    title: Gold
    only_for: {tier: gold}
    detect: {event_count: {event: failed, gte: 2, within: 1h}}
    actions: [{email: {template: help}}]
)");
  folder_.Write("profiles.csv", "customer,tier,email\na,gold,a@example.com\n");
  std::string events;
  for (int i = 0; i < 4; ++i) {
    for (const char* customer : {"a", "b"}) {
      events += fmt::format(R"({{"customer":"{}","event":"failed","ts":{}}})"
                            "\n",
                            customer, 1'767'225'600 + i * 60);
    }
  }
  folder_.Write("events.jsonl", events);
  for (const char* cores : {"1", "3"}) {
    const Ran ran = Backtest(
        {"--profiles", folder_.Path("profiles.csv"), "--cores", cores});
    EXPECT_EQ(ran.code, kOk) << ran.err;
    EXPECT_THAT(ran.out,
                HasSubstr("gold           2          1        0       2"));
    EXPECT_THAT(ran.out, ::testing::ContainsRegex("gold +- +only_for +2\n"));
  }
  const Ran html = Backtest(
      {"--profiles", folder_.Path("profiles.csv"), "--output", "html"});
  EXPECT_THAT(html.out, HasSubstr("Not detected"));
  const Ran later =
      Backtest({"--from", "2026-01-01T00:03:00Z"});  // Of four, two are shown.
  EXPECT_THAT(later.out, ::testing::ContainsRegex("gold +- +only_for +2\n"));
}

}  // namespace
}  // namespace premura
