// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: any number of cores, repeated runs, two versions of the
// rules, progress. What it shows of one run:
// backtest_command_test.cc.

#include "daemon/backtest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "daemon/progress_bar.h"
#include "daemon/run_program.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Counting, timers of several rules at one instant, a detection as an event,
// gates of each kind.
constexpr char kRules[] = R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
    cooldown: 20m
    cancel_on: [{event: solved}]
    actions:
      - ticket: {queue: help, template: help}
      - email: {template: help, delay: 3m}
  - id: gave-up
    title: Gave up
    detect: {absence: {after: failed, without: solved, for: 5m}}
    holdout: 30%
    actions: [{email: {template: help}}]
  - id: gave-up-too
    title: Gave up too
    detect: {absence: {after: opened, without: solved, for: 5m}}
  - id: both
    title: Both
    detect:
      temporal:
        all: [{event: "detection:fails"}, {event: "detection:gave-up"}]
        within: 1h
    actions: [{sms: {template: help}}]
  - id: fewer
    title: Fewer
    detect: {event_count: {event: opened, lt: 2, within: 15m}}
)";

class BacktestTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml", kRules);
    folder_.Write("events.jsonl", Events(1, 1200));
  }

  // Whole seconds, so that much falls on one instant; now and then one is late
  // or says something of its customer.
  static std::string Events(unsigned seed, int count) {
    std::mt19937 random(seed);
    const char* names[] = {"failed", "failed", "solved", "opened"};
    std::string text;
    std::int64_t second = 1'767'225'600;
    for (int i = 0; i < count; ++i) {
      second += random() % 4;
      const std::int64_t late = random() % 50 == 0 ? 300 : 0;
      text += fmt::format(R"({{"customer":"c{}","event":"{}","ts":{}}})"
                          "\n",
                          random() % 40, names[random() % 4], second - late);
    }
    return text;
  }

  Ran Backtest(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"backtest", "--rules",
                                          folder_.Path("rules"), "--events",
                                          folder_.Path("events.jsonl")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  TempFolder folder_;
};

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

// --- Two versions -----------------------------------------------------------

class ComparisonTest : public BacktestTest {
 protected:
  static std::string Rule(const std::string& id, int least) {
    return fmt::format(
        "  - {{id: {}, title: X, detect: {{event_count: {{event: failed, gte: "
        "{}, within: 1h, group_by: [service]}}}}}}\n",
        id, least);
  }
  static std::string Failed(const std::string& customer, int minute) {
    return fmt::format(
        R"({{"customer":"{}","event":"failed","service":"x,y","ts":{}}})"
        "\n",
        customer, 1'767'225'600 + 60 * minute);
  }

  void SetUp() override {
    const std::string begin = "version: 1\nrules:\n";
    folder_.Write("old/a.yaml", begin + Rule("one", 2) + Rule("same", 4));
    folder_.Write("rules/a.yaml",
                  begin + Rule("one", 3) + Rule("same", 4) + Rule("new", 5));
    std::string events;
    for (int minute = 0; minute < 5; ++minute) events += Failed("a", minute);
    for (int minute = 0; minute < 2; ++minute) events += Failed("b", minute);
    folder_.Write("events.jsonl", events);
  }

  Ran Compare(const std::string& against, const std::string& output) {
    return Backtest({"--against", against, "--output", output});
  }

  void Git(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {
        "git",         "-C", folder_.Path("."),         "-c",
        "user.name=a", "-c", "user.email=a@example.com"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const auto ran = RunProgram(words);
    ASSERT_TRUE(ran.ok());
    ASSERT_EQ(ran.value().code, 0) << ran.value().err;
  }
};

constexpr char kDifferences[] =
    "change,rule,customer,group,before,now,channel\r\n"
    "gone,one,b,\"{\"\"service\"\":\"\"x,y\"\"}\","
    "2026-01-01T00:01:00.000Z,,\r\n"
    "moved,one,a,\"{\"\"service\"\":\"\"x,y\"\"}\","
    "2026-01-01T00:01:00.000Z,2026-01-01T00:02:00.000Z,\r\n"
    "gone,one,a,\"{\"\"service\"\":\"\"x,y\"\"}\","
    "2026-01-01T00:03:00.000Z,,\r\n"
    "added,new,a,\"{\"\"service\"\":\"\"x,y\"\"}\",,"
    "2026-01-01T00:04:00.000Z,\r\n";

TEST_F(ComparisonTest, SaysWhatWasAddedIsGoneAndHasMoved) {
  const Ran table = Compare(folder_.Path("old"), "table");
  EXPECT_EQ(table.code, kOk) << table.err;
  EXPECT_EQ(table.out,
            "rule  before  now  same  added  gone  moved\n"
            "new        0    1     0      1     0      0\n"
            "one        3    1     0      0     2      1\n"
            "same       1    1     1      0     0      0\n"
            "\n"
            "gone   2026-01-01T00:01:00.000Z  one  b  {\"service\":\"x,y\"}\n"
            "moved  2026-01-01T00:02:00.000Z  one  a  {\"service\":\"x,y\"}  "
            "(before: 2026-01-01T00:01:00.000Z)\n"
            "gone   2026-01-01T00:03:00.000Z  one  a  {\"service\":\"x,y\"}\n"
            "added  2026-01-01T00:04:00.000Z  new  a  "
            "{\"service\":\"x,y\"}\n");
  EXPECT_EQ(Compare(folder_.Path("old"), "csv").out, kDifferences);
  EXPECT_THAT(Backtest({"--against", folder_.Path("old"), "--out",
                        folder_.Path("old/a.yaml")})
                  .err,
              HasSubstr("`--out` is a file that is read: "));
  const Ran json = Compare(folder_.Path("old"), "jsonl");
  EXPECT_THAT(
      json.out,
      HasSubstr(R"({"change":"moved","rule":"one","customer":"a","group":)"
                R"({"service":"x,y"},"before":"2026-01-01T00:01:00.000Z",)"
                R"("now":"2026-01-01T00:02:00.000Z"})"
                "\n"));
}

// Who would have been contacted, by then and by now, with the gates between.
TEST_F(ComparisonTest, ContactsAreComparedToo) {
  const auto rules = [](int least) {
    return fmt::format(R"(version: 1
rules:
  - id: one
    title: One
    detect: {{event_count: {{event: failed, gte: {}, within: 1h}}}}
    cooldown: 1d
    actions: [{{ticket: {{template: t}}}}, {{email: {{template: t, delay: 5m}}}}]
)",
                       least);
  };
  folder_.Write("old/a.yaml", rules(2));
  folder_.Write("rules/a.yaml", rules(3));
  folder_.Write("profiles.csv",
                "customer,email,timezone\na,a@example.com,UTC\n"
                "b,b@example.com,UTC\n");
  const std::vector<std::string> how = {
      "--against",  folder_.Path("old"),
      "--profiles", folder_.Path("profiles.csv"),
      "--until",    "2026-01-01T12:00:00Z"};
  const Ran table = Backtest(how);
  EXPECT_EQ(table.code, kOk) << table.err;
  EXPECT_THAT(
      table.out,
      ::testing::EndsWith(
          "\ncontacts by  channel  before  now  same  added  gone  moved\n"
          "one          email         2    1     0      0     1      1\n"
          "one          ticket        2    1     0      0     1      1\n"
          "\n"
          "moved  2026-01-01T00:02:00.000Z  one  a  ticket  "
          "(before: 2026-01-01T00:01:00.000Z)\n"
          "gone   2026-01-01T00:04:00.000Z  one  b  ticket\n"
          "gone   2026-01-01T00:06:00.000Z  one  b  email\n"
          "moved  2026-01-01T00:07:00.000Z  one  a  email  "
          "(before: 2026-01-01T00:06:00.000Z)\n"
          "\nCustomers who get an email or SMS: 2 before, 1 now; 0 added, 1 "
          "gone.\n"));
  std::vector<std::string> json = how;
  json.insert(json.end(), {"--output", "jsonl"});
  EXPECT_THAT(Backtest(json).out,
              HasSubstr(R"({"change":"gone","rule":"one","customer":"b",)"
                        R"("group":{},"channel":"email","before":)"
                        R"("2026-01-01T00:06:00.000Z"})"
                        "\n"));
  json.emplace_back("--detections-only");
  EXPECT_EQ(Backtest(json).out.find("channel"), std::string::npos);
}

TEST_F(ComparisonTest, TheOtherVersionMayBeAGitRef) {
  const std::string now = folder_.Read("rules/a.yaml");
  folder_.Write("rules/a.yaml", folder_.Read("old/a.yaml"));
  Git({"init", "-q"});
  Git({"add", "rules"});
  Git({"commit", "-q", "-m", "old"});
  Git({"tag", "before"});
  folder_.Write("rules/a.yaml", now);
  for (const char* ref : {"HEAD", "before"}) {
    EXPECT_EQ(Compare(ref, "csv").out, kDifferences);
  }
  EXPECT_EQ(folder_.Read("rules/a.yaml"), now);

  folder_.Write("rules/a.yaml", "version: 1\nrules:\n  - {id: x}\n");
  Git({"commit", "-q", "-a", "-m", "broken"});
  folder_.Write("rules/a.yaml", now);
  const Ran broken = Compare("HEAD", "csv");
  EXPECT_EQ(broken.code, kFailure);
  EXPECT_THAT(broken.err, HasSubstr("HEAD:rules/a.yaml:3:"));
  EXPECT_THAT(broken.err, HasSubstr("  - {id: x}"));
}

// Git itself would add no such file, but a commit can be made by hand.
TEST_F(ComparisonTest, ACommitWritesNothingOutsideItsFolder) {
  Git({"init", "-q"});
  const auto made = RunProgram(
      {"sh", "-ec",
       "cd \"$0\"; "
       "blob=$(git hash-object -w events.jsonl); "
       "up=$(printf '100644 blob %s\\tx.yaml\\n' $blob | git mktree); "
       "rules=$(printf '040000 tree %s\\t..\\n' $up | git mktree); "
       "root=$(printf '040000 tree %s\\trules\\n' $rules | git mktree); "
       "commit=$(git -c user.name=a -c user.email=a@example.com "
       "commit-tree $root -m x); git branch by-hand $commit",
       folder_.Path(".")});
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made.value().code, 0) << made.value().err;
  const Ran ran = Compare("by-hand", "csv");
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_THAT(ran.err,
              HasSubstr("names `rules/../x.yaml`, which leaves its folder"));
}

TEST_F(ComparisonTest, SaysWhyThereIsNoOtherVersion) {
  const Ran nowhere = Compare("before", "csv");
  EXPECT_EQ(nowhere.code, kFailure);
  EXPECT_THAT(nowhere.err, HasSubstr("not a git repository"));
  Git({"init", "-q"});
  const Ran unknown = Compare("before", "csv");
  EXPECT_EQ(unknown.code, kFailure);
  EXPECT_THAT(unknown.err,
              HasSubstr("`before` is no path, and no branch, tag or commit"));
  EXPECT_THAT(Compare("--output=x", "csv").err,
              HasSubstr("is no path and no git ref"));
}

TEST(RunProgramTest, AnswersWhatItPrintsAndItsCode) {
  const auto ran =
      RunProgram({"sh", "-c", "cat; echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(ran.ok());
  EXPECT_EQ(ran.value().code, 3);
  EXPECT_EQ(ran.value().out, "out\n");
  EXPECT_EQ(ran.value().err, "err\n");
  const auto killed = RunProgram({"sh", "-c", "kill -9 $$"});
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(killed.value().code, 128 + 9);
  const auto none = RunProgram({"no-such-program-at-all"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message,
            "cannot run no-such-program-at-all: No such file or directory");
}

// --- Progress ---------------------------------------------------------------

TEST(ProgressBarTest, SaysHowMuchIsDoneAndHowLongTheRestTakes) {
  Duration now{};
  std::ostringstream out;
  const auto shown = [&out] {
    const std::string text = out.str();
    out.str("");
    return text;
  };
  ProgressBar bar(&out, [&now] { return now; });
  bar.Show(0.0);
  EXPECT_EQ(shown(), "\r\x1b[K[..............................]   0 %");
  now = milliseconds(99);
  bar.Show(0.1);
  EXPECT_EQ(shown(), "");  // Too soon to be seen.
  const struct {
    Duration at;
    double done;
    const char* text;
  } kCases[] = {
      {seconds(10), 0.5, "[###############...............]  50 %  10 s left"},
      {seconds(50), 0.25,
       "[#######.......................]  25 %  2 min 30 s left"},
      {minutes(90), 0.5,
       "[###############...............]  50 %  1 h 30 min left"},
      {minutes(91), 1.0, "[##############################] 100 %  0 s left"},
  };
  for (const auto& [at, done, text] : kCases) {
    now = at;
    bar.Show(done);
    EXPECT_EQ(shown(), "\r\x1b[K" + std::string(text));
  }
  now = minutes(92);
  bar.Show(std::nullopt);
  EXPECT_EQ(shown(), "\r\x1b[K5520 s so far");
  bar.Clear();
  EXPECT_EQ(shown(), "\r\x1b[K");
  bar.Clear();
  EXPECT_EQ(shown(), "");
}

TEST(ProgressBarTest, AtTheEndItSaysHowFastItWas) {
  Duration now{};
  std::ostringstream out;
  ProgressBar bar(&out, [&now] { return now; });
  now = milliseconds(2500);
  bar.End(1'000'000);
  EXPECT_EQ(out.str(), "1,000,000 events in 2.5 s: 400,000 a second\n");
  out.str("");
  bar.Show(0.5);
  bar.End(1);
  EXPECT_THAT(out.str(), HasSubstr("\r\x1b[K1 event in 2.5 s: 0 a second\n"));
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

// --- Whom a rule leaves out -------------------------------------------------

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
