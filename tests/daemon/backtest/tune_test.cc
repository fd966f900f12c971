// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/tune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TuneRangeTest, StepsFromOneEndToTheOther) {
  const auto values = [](const std::string& text) {
    const auto range = ParseTuneRange(text);
    EXPECT_TRUE(range.ok()) << text;
    return range.ok() ? range.value().values : std::vector<std::string>();
  };
  EXPECT_EQ(ParseTuneRange("a.gte=3..8").value().parameter, "a.gte");
  EXPECT_THAT(values("gte=3..6"), ElementsAre("3", "4", "5", "6"));
  EXPECT_THAT(values("gte=3..8..2"), ElementsAre("3", "5", "7"));
  EXPECT_THAT(values("within=5m..15m..5m"), ElementsAre("5m", "10m", "15m"));
  EXPECT_THAT(values("within=58m..1h"), ElementsAre("58m", "59m", "1h"));
  EXPECT_THAT(values("gt=0.1..0.3..0.1"), ElementsAre("0.1", "0.2", "0.3"));
  EXPECT_THAT(values("holdout=0%..20%..10%"), ElementsAre("0%", "10%", "20%"));
  EXPECT_THAT(values("gte=3..3"), ElementsAre("3"));
}

TEST(TuneRangeTest, SaysWhatIsNoRange) {
  const std::pair<const char*, const char*> cases[] = {
      {"gte", "which is no PARAM=FROM..TO"},
      {"=3..4", "which is no PARAM=FROM..TO"},
      {"gte=3", "which is no range"},
      {"gte=3..4..1..1", "which is no range"},
      {"gte=3..x", "in which `x` is no number and no duration"},
      {"gte=3..5m", "which mixes numbers, shares and durations"},
      {"gt=0.1..0.5", "which needs a step"},
      {"gte=3..8..0", "whose step is not above 0"},
      {"gte=8..3", "which runs downwards"},
      {"gte=1..101", "which is 101 backtests, of at most 100"},
      {"gte=1..1000000000000..0.000001", "backtests, of at most 100"},
  };
  for (const auto& [text, message] : cases) {
    const auto range = ParseTuneRange(text);
    ASSERT_FALSE(range.ok()) << text;
    EXPECT_THAT(range.error().message, HasSubstr(message));
  }
}

class TuneTest : public ::testing::Test {
 protected:
  TuneTest() {
    folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
    success: {event: solved, within: 1h}
    actions:
      - email: {template: a}
)");
    folder_.Write("customers.csv",
                  "customer,email\na,a@example.com\nb,b@example.com\n");
    // `a` fails three times and is never helped, `b` twice and is.
    std::string events;
    for (const char* event : {"00 a failed", "01 a failed", "02 a failed",
                              "00 b failed", "01 b failed", "05 b solved"}) {
      const std::string text = event;
      events += R"({"ts":"2026-01-01T10:)" + text.substr(0, 2) +
                R"(:00Z","customer":")" + text[3] + R"(","event":")" +
                text.substr(5) + "\"}\n";
    }
    folder_.Write("events.jsonl", events);
  }

  Ran Tune(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--profiles",
                                          folder_.Path("customers.csv"),
                                          "--sort",
                                          "--until",
                                          "2026-01-01T12:00:00Z",
                                          "--tune"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  }

  TempFolder folder_;
};

TEST_F(TuneTest, ShowsWhatEachValueCostsAndFinds) {
  const Ran ran = Tune({"fails", "gte=1..4"});
  EXPECT_EQ(ran.code, kOk) << ran.err;
  EXPECT_EQ(ran.out.substr(0, ran.out.find("In trouble:")),
            "Rule fails, detect.event_count.gte\n"
            "gte      detections  customers  tickets  emails  sms  contacted"
            "      in trouble               lift\n"
            "1                 5          2        0       4    0          2"
            "     50 % (9-91)   1.00 (0.18-5.66)\n"
            "2 (now)           2          2        0       2    0          2"
            "     50 % (9-91)   1.00 (0.18-5.66)\n"
            "3                 1          1        0       1    0          1"
            "  100 % (21-100)  2.00 (0.38-10.58)\n"
            "4                 0          0        0       0    0          0"
            "               -                  -\n");
}

TEST_F(TuneTest, WhatIsWrittenIsAmongTheValues) {
  const Ran csv = Tune({"fails", "gte=3..3", "--output", "csv"});
  EXPECT_THAT(
      csv.out,
      HasSubstr("\r\nfails,detect.event_count.gte,2,true,2,2,0,2,0,2,"));
  EXPECT_THAT(
      csv.out,
      HasSubstr("\r\nfails,detect.event_count.gte,3,false,1,1,0,1,0,1,"));
  EXPECT_LT(csv.out.find(",2,true,"), csv.out.find(",3,false,"));
  const Ran below = Tune({"fails", "gte=1..1", "--output", "csv"});
  EXPECT_LT(below.out.find(",1,false,"), below.out.find(",2,true,"))
      << "in order";
  // However it is written.
  const Ran json = Tune({"fails", "within=5m..10m..5m", "--output", "jsonl"});
  EXPECT_THAT(json.out, HasSubstr(R"("value":"10m","now":true,)"
                                  R"("detections":2,"customers":2,)"));
}

TEST_F(TuneTest, EveryCheckOfTheRuleReaderApplies) {
  const Ran ran = Tune({"fails", "gte=0..2"});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_EQ(ran.out, "");
  EXPECT_THAT(ran.err, HasSubstr("with `detect.event_count.gte: 0` the rules "
                                 "have mistakes:\n"));
  EXPECT_THAT(ran.err, HasSubstr("a.yaml:5:"));
}

TEST_F(TuneTest, SaysWhatItCannotTune) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"fial", "gte=1..2"}, "there is no rule `fial`"},
      {{"fails", "gt=1..2"}, "did you mean `gte`?"},
      {{"fails", "gte=2..1"}, "which runs downwards"},
      {{"fails", "gte=1..2", "--output", "html"},
       "`--output html` does not go with `--tune`"},
      {{"fails", "gte=1..2", "--against", "x"},
       "`--against` does not go with `--tune`"},
  };
  for (const auto& [more, message] : cases) {
    const Ran ran = Tune(more);
    EXPECT_NE(ran.code, kOk);
    EXPECT_THAT(ran.err, HasSubstr(message));
  }
  EXPECT_THAT(Premura({"backtest", "--rules", folder_.Path("rules"), "--events",
                       "-", "--tune", "fails", "gte=1..2"})
                  .err,
              HasSubstr("`--tune` reads the events for each value: write "
                        "standard input to a file"));
  EXPECT_THAT(
      Tune({"fails", "gte=1..2", "--detections-only", "--output", "jsonl"}).err,
      HasSubstr("`--detections-only` does not go with `--tune`"));
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: &n 2, within: 10m}}
  - id: more
    title: More
    detect: {event_count: {event: failed, gte: *n, within: 20m}}
  - id: off
    title: Off
    status: disabled
    detect: {event_count: {event: failed, gte: 2, within: 20m}}
)");
  EXPECT_THAT(Tune({"more", "gte=1..2"}).err, HasSubstr("anchor"));
  EXPECT_THAT(Tune({"off", "gte=1..2"}).err,
              HasSubstr("rule `off` is disabled: it finds nobody"));
}

TEST_F(TuneTest, WithoutSuccessThePrecisionCannotBeTold) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
)");
  EXPECT_THAT(Tune({"fails", "gte=2..3"}).out,
              HasSubstr("The rule names no `success`: its precision cannot be "
                        "told.\n"));
  EXPECT_THAT(Tune({"fails", "gte=2..3", "--output", "jsonl"}).out,
              HasSubstr(R"("success":null})"));
}

}  // namespace
}  // namespace premura
