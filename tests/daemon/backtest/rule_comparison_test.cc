// SPDX-License-Identifier: Apache-2.0
// `premura backtest --against`: two versions of the rules.

#include "daemon/backtest/rule_comparison.h"

#include <gmock/gmock.h>

#include "daemon/run_program.h"
#include "tests/daemon/backtest/backtest_fixture.h"

namespace premura {
namespace {

using ::testing::HasSubstr;

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

}  // namespace
}  // namespace premura
