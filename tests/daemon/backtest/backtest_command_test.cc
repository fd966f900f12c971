// SPDX-License-Identifier: Apache-2.0
// What `premura backtest` shows of one run.

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/daemon/cli_fixture.h"

namespace premura {
namespace {

class BacktestCommandTest : public CliTest {};

TEST_F(BacktestCommandTest, BacktestPrintsOneLinePerDetection) {
  const Ran ran = Backtest({});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(ran.out.starts_with(
      R"({"rule":"many-failures","customer":"a","group":{},)"
      R"("at":"2026-01-01T00:03:00.000Z","id":")"))
      << ran.out;
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 1);
  EXPECT_EQ(ran.err, "");
}

TEST_F(BacktestCommandTest, BacktestShowsOnlyDetectionsBetweenFromAndTo) {
  EXPECT_NE(Backtest({"--from", "2026-01-01T00:03:00Z"}).out, "");
  EXPECT_EQ(Backtest({"--from", "2026-01-01T00:03:00.001Z"}).out, "");
  EXPECT_EQ(Backtest({"--to", "2026-01-01T00:03:00Z"}).out, "");
  EXPECT_NE(Backtest({"--to", "2026-01-01T00:03:00.001Z"}).out, "");
}

TEST_F(BacktestCommandTest, BacktestMovesTheClockOnToUntil) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: no-answer
    title: Nothing came after a failure
    detect:
      absence: {after: failed, without: solved, for: 5m}
)");
  folder_.Write("events.jsonl", Event("a", 0));
  EXPECT_EQ(Backtest({}).out, "");
  EXPECT_EQ(Backtest({"--until", "2026-01-01T00:04:59.999Z"}).out, "");
  EXPECT_NE(Backtest({"--until", "2026-01-01T00:05:00Z"}).out, "");
}

TEST_F(BacktestCommandTest, BacktestWarnsOfLateEventsAndSortsThemIfAsked) {
  folder_.Write("events.jsonl",
                Event("b", 30) + Event("a", 3) + Event("a", 1) + Event("a", 2));
  const Ran plain = Backtest({});
  EXPECT_TRUE(Contains(plain.err,
                       "warning: 3 events are older than the clock when they "
                       "came (late); --sort"))
      << plain.err;
  const Ran sorted = Backtest({"--sort"});
  EXPECT_TRUE(Contains(sorted.out, R"("at":"2026-01-01T00:03:00.000Z")"))
      << sorted.out;
  EXPECT_EQ(sorted.err, "");
}

TEST_F(BacktestCommandTest, BacktestCountsWhatCannotBeUsed) {
  folder_.Write("events.jsonl", "{]\n" + Event("a", 0) +
                                    R"({"event":"failed","ts":1767225600})"
                                    "\n\n");
  for (const char* sort : {"", "--sort"}) {
    const Ran ran = *sort ? Backtest({sort}) : Backtest({});
    EXPECT_EQ(ran.code, kOk);
    EXPECT_EQ(ran.err,
              "warning: 2 events cannot be used: broken_json 1, no_customer "
              "1\n");
  }
}

TEST_F(BacktestCommandTest, BacktestTakesAMappingFromAConfiguration) {
  folder_.Write("events.jsonl",
                R"({"who":"a","what":"failed","when":1767225600})"
                "\n"
                R"({"who":"a","what":"failed","when":1767225660})"
                "\n"
                R"({"who":"a","what":"failed","when":1767225720})"
                "\n");
  folder_.Write("premura.yaml", R"(
sources:
  - file: {path: events.jsonl}
    mapping: {customer: who, event: what, time: when}
rules: [rules]
)");
  const Ran ran = Premura({"backtest", "-c", folder_.Path("premura.yaml"),
                           "--events", folder_.Path("events.jsonl"), "--output",
                           "jsonl", "--detections-only"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_TRUE(Contains(ran.out, R"("customer":"a")")) << ran.err;
}

TEST_F(BacktestCommandTest, BacktestTakesProfiles) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    only_for: {tier: professional}
    detect:
      event_count: {event: failed, gte: 1, within: 10m}
)");
  folder_.Write("customers.csv", "customer,tier\nb,professional\n");
  EXPECT_EQ(Backtest({}).out, "");
  const Ran ran = Backtest({"--profiles", folder_.Path("customers.csv")});
  EXPECT_TRUE(Contains(ran.out, R"("customer":"b")"));
  EXPECT_FALSE(Contains(ran.out, R"("customer":"a")"));
}

TEST_F(BacktestCommandTest, BacktestOfNothingThatCanBeUsedFails) {
  folder_.Write("events.jsonl",
                R"({"customer_id":"a","event":"failed","ts":1767225600})"
                "\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--against", folder_.Path("rules")}}) {
    const Ran ran = Backtest(more);
    EXPECT_EQ(ran.code, kFailure);
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(
        Contains(ran.err, "warning: 1 event cannot be used: no_customer 1\n"))
        << ran.err;
    EXPECT_TRUE(Contains(ran.err,
                         "events.jsonl: no event in it can be used; `premura "
                         "infer` tells why\n"));
  }
}

TEST_F(BacktestCommandTest, BacktestSaysHowJsonOverLinesBecomesLines) {
  folder_.Write("events.jsonl", "[\n{\n\"customer\":\"a\"\n}\n]\n");
  EXPECT_TRUE(Contains(Backtest({}).err,
                       "premura: " + folder_.Path("events.jsonl") +
                           " looks like JSON over several lines, and one "
                           "object a line is wanted: `jq -c '.[]' "));
}

TEST_F(BacktestCommandTest, BacktestOfAnEmptyFileIsNoMistake) {
  folder_.Write("events.jsonl", "");
  const Ran ran = Backtest({});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "warning: there is no event in " +
                         folder_.Path("events.jsonl") + "\n");
}

TEST_F(BacktestCommandTest, BacktestWarnsWhereNothingIsLookedAt) {
  const struct {
    std::vector<std::string> more;
    const char* where;
  } cases[] = {
      {{"--from", "2026-01-02"}, " from 2026-01-02T00:00:00.000Z on"},
      {{"--to", "2026-01-01"}, " before 2026-01-01T00:00:00.000Z"},
      {{"--from", "2025-01-02", "--to", "2026-01-01"},
       " from 2025-01-02T00:00:00.000Z on and before "
       "2026-01-01T00:00:00.000Z"},
      {{"--from", "2026-01-02", "--against", folder_.Path("rules")},
       " from 2026-01-02T00:00:00.000Z on"},
  };
  for (const auto& c : cases) {
    const Ran ran = Backtest(c.more);
    EXPECT_EQ(ran.code, kOk);
    EXPECT_EQ(ran.err, "warning: there is no event" + std::string(c.where) +
                           " in " + folder_.Path("events.jsonl") + "\n");
  }
  EXPECT_EQ(Backtest({"--from", "2026-01-01T00:20:00Z"}).err, "");
}

TEST_F(BacktestCommandTest, BacktestWarnsOfProfilesOfOthers) {
  const std::string path = folder_.Path("customers.csv");
  const std::string warning =
      "warning: none of the 2 customers in " + path + " occurs in the events";
  folder_.Write("user.yaml",
                "customer: user\nsources: [{file: {path: e}}]\n"
                "state: {dir: state}\nrules: [rules]\n"
                "http: {admin: {listen: \"127.0.0.1:0\"}}\n");
  folder_.Write("customers.csv", "customer,tier\nu1,pro\nu2,pro\n");
  EXPECT_EQ(Backtest({"--profiles", path}).err,
            warning +
                "; if they name customers by their user, a configuration (-c) "
                "with `customer: user` is missing\n");
  EXPECT_EQ(Backtest({"--profiles", path, "-c", folder_.Path("user.yaml")}).err,
            warning + "\n");
  folder_.Write("customers.csv", "customer,tier\nu1,pro\nb,pro\n");
  EXPECT_EQ(Backtest({"--profiles", path}).err, "");
}

// A rule that finds nobody is shown, one in simulation counts as live.
TEST_F(BacktestCommandTest, BacktestShowsEveryRuleAsIfItWereLive) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: trial
    title: On trial
    status: simulation
    detect: {event_count: {event: failed, gte: 1, within: 10m}}
    cooldown: 7d
    actions: [{ticket: {template: failures}}, {email: {template: failures}}]
  - id: never
    title: Never
    detect: {event_count: {event: nothing, gte: 1, within: 10m}}
  - id: off
    title: Off
    status: disabled
    detect: {event_count: {event: failed, gte: 1, within: 10m}}
  - id: grouped
    title: Grouped
    detect:
      event_count: {event: asked, gte: 1, within: 10m, group_by: [service]}
    actions: [{ticket: {template: failures}}]
)");
  folder_.Write(
      "events.jsonl",
      Event("a", 0) + Event("a", 1) +
          R"({"customer":"a","event":"asked","ts":"2026-01-01T00:02:00Z",)" +
          "\"service\":\"web\"}\n");
  const std::vector<std::string> arguments = {"backtest", "--rules",
                                              folder_.Path("rules"), "--events",
                                              folder_.Path("events.jsonl")};
  EXPECT_EQ(Premura(arguments).out,
            "rule     detections  customers  tickets  emails  sms\n"
            "grouped           1          1        1       0    0\n"
            "never             0          0        0       0    0\n"
            "trial             2          1        1       0    0\n"
            "\nnot sent  channel  why         count\n"
            "trial     email    no_address      2\n"
            "trial     ticket   cooldown        1\n"
            "\nTickets about 1 customer; emails or SMS to 0 customers.\n"
            "In simulation, and counted here as if live: trial\n"
            "Disabled, and not played: off\n");
  std::vector<std::string> csv = arguments;
  csv.insert(csv.end(), {"--output", "csv"});
  EXPECT_TRUE(Contains(Premura(csv).out, ",\"service=\"\"web\"\"\"\r\n"))
      << Premura(csv).out;
}

// The gates of the configuration, in the time of the events.
TEST_F(BacktestCommandTest, BacktestShowsWhoWouldHaveBeenContacted) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
    actions:
      - ticket: {template: failures}
      - email: {template: failures, delay: 10m}
      - sms: {template: failures}
)");
  folder_.Write("customers.csv",
                "customer,email,phone,timezone\n"
                "a,a@example.com,+393331234567,Etc/UTC\n");
  const auto backtest = [this](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--profiles",
                                          folder_.Path("customers.csv"),
                                          "--until",
                                          "2026-01-01T01:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  };
  EXPECT_EQ(backtest({}).out,
            "rule           detections  customers  tickets  emails  sms\n"
            "many-failures           1          1        1       1    0\n"
            "\nnot sent       channel  why                      count\n"
            "many-failures  sms      still held: quiet_hours      1\n"
            "\nTickets about 1 customer; emails or SMS to 1 customer.\n");
  const Ran csv = backtest({"--output", "csv"});
  EXPECT_TRUE(csv.out.starts_with(
      "at,rule,customer,channel,what,reason,detail,until,detection,group\r\n"));
  EXPECT_TRUE(Contains(csv.out,
                       "\n2026-01-01T00:03:00.000Z,many-failures,a,ticket,sent"
                       ",,,,"))
      << csv.out;
  EXPECT_TRUE(Contains(csv.out,
                       "\n2026-01-01T00:13:00.000Z,many-failures,a,email,sent"
                       ",,,,"));
  const Ran json = backtest({"--output", "jsonl"});
  EXPECT_TRUE(Contains(
      json.out,
      R"({"at":"2026-01-01T00:03:00.000Z","rule":"many-failures","customer":"a","action":1,"channel":"email","what":"held","reason":"delay",)"))
      << json.out;
  EXPECT_TRUE(Contains(json.out, R"("until":"2026-01-01T00:13:00.000Z")"));
  // A configuration without email: none could have been sent.
  const Ran configured = backtest({"-c", folder_.Path("premura.yaml")});
  EXPECT_TRUE(
      Contains(configured.out,
               "many-failures           1          1        1       0    0\n"))
      << configured.out << configured.err;
}

TEST_F(BacktestCommandTest, BacktestSaysWhatIsWrongWithItsOptions) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"--warm-up", "long"}, "--warm-up is `long`, which is no duration"},
      {{"--from", "2026-01-02T00:00:00Z", "--to", "2026-01-02T00:00:00Z"},
       "--to is not after --from: nothing lies between them"},
      {{"--until", "tomorrow"}, "--until is `tomorrow`, which is no instant"},
      {{"--to", "2026"},
       "--to is `2026`, which is 1970-01-01T00:00:02.026Z in epoch "
       "milliseconds: write 2026-01-31T00:00:00Z, 2026-01-31 for midnight "
       "UTC, or epoch milliseconds"},
      {{"--from", "20260301"}, "--from is `20260301`, which is 1970-01-01T05:"},
      {{"--until", "1767225600"}, "--until is `1767225600`, which is 1970-01-"},
      {{"--reorder", "5"}, "--reorder is `5`, which is no duration"},
      {{"--preset", "segmant"}, "there is no preset `segmant`"},
  };
  for (const auto& [more, message] : cases) {
    const Ran ran = Backtest(more);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_TRUE(Contains(ran.err, message)) << ran.err;
  }
  EXPECT_EQ(Backtest({"--from", "1767225600000"}).code, kOk);
  EXPECT_EQ(Backtest({"--from", "1985-01-01"}).code, kOk);
  EXPECT_EQ(Backtest({"--from", "1985-01-01T00:00:00Z"}).code, kOk);
  const Ran csv =
      Premura({"backtest", "--rules", folder_.Path("rules"), "--events", "-",
               "--output", "csv", "--detections-only"});
  EXPECT_EQ(csv.code, kUsage);
  EXPECT_TRUE(
      Contains(csv.err, "`--detections-only` goes with `--output jsonl`"));
  const Ran no_rules = Premura(
      {"backtest", "--events", "-", "--output", "jsonl", "--detections-only"});
  EXPECT_EQ(no_rules.code, kUsage);
  EXPECT_TRUE(Contains(no_rules.err, "backtest needs --rules"));
  const Ran nowhere = Premura({"backtest", "--rules", folder_.Path("rules"),
                               "--events", folder_.Path("nowhere"), "--output",
                               "jsonl", "--detections-only"});
  EXPECT_EQ(nowhere.code, kFailure);
  EXPECT_EQ(nowhere.err, "premura: " + folder_.Path("nowhere") +
                             ": No such file or directory\n");
}

}  // namespace
}  // namespace premura
