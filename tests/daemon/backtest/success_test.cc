// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/success.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/backtest/success_report.h"
#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using ::testing::HasSubstr;

constexpr char kRules[] = R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
    success: {event: solved, where: {not: {how: robot}}, within: 1h}
)";

class SuccessTest : public ::testing::Test {
 protected:
  SuccessTest() { folder_.Write("rules/a.yaml", kRules); }

  // "10:05 anna failed how=robot": on the first of January, in UTC.
  void Add(const std::string& time, const std::string& customer,
           const std::string& event, const std::string& how = "") {
    events_ += R"({"ts":"2026-01-01T)" + time + R"(Z","customer":")" +
               customer + R"(","event":")" + event + '"' +
               (how.empty() ? "" : R"(,"how":")" + how + '"') + "}\n";
  }

  Ran Backtest(std::vector<std::string> more = {}) {
    folder_.Write("events.jsonl", events_);
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--sort",
                                          "--success"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(arguments);
  }

  // The figures of the one rule, as JSON.
  std::string Figures(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--output", "jsonl"});
    const Ran ran = Backtest(more);
    EXPECT_EQ(ran.code, kOk) << ran.err;
    const std::size_t at = ran.out.find(R"({"rule":"fails","success":)");
    return at == ran.out.npos ? ran.out : ran.out.substr(at);
  }

  // Found at 10:01.
  void AddFound(const std::string& customer) {
    Add("10:00:00", customer, "failed");
    Add("10:01:00", customer, "failed");
  }

  TempFolder folder_;
  std::string events_;
};

TEST_F(SuccessTest, WhoIsFoundReachesSuccessWithinTheTimeOrIsInTrouble) {
  struct Case {
    const char* what;
    const char* time;
    const char* event;
    const char* how;
    bool reached;
  };
  const Case cases[] = {
      {"the event after", "10:30:00", "solved", "", true},
      {"a millisecond after", "10:01:00.001", "solved", "", true},
      {"not what came at the very instant", "10:01:00", "solved", "", false},
      {"nor before", "10:00:30", "solved", "", false},
      {"a millisecond inside the time", "11:00:59.999", "solved", "", true},
      {"exactly so late is too late", "11:01:00", "solved", "", false},
      {"another event", "10:30:00", "closed", "", false},
      {"the event, but not as wanted", "10:30:00", "solved", "robot", false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    events_.clear();
    AddFound("anna");
    Add(one.time, "anna", one.event, one.how);
    Add("23:00:00", "zoe", "closed");
    EXPECT_THAT(Figures(),
                HasSubstr(one.reached ? R"("reached":1,"decided":1,)"
                                      : R"("reached":0,"decided":1,)"));
  }
}

TEST_F(SuccessTest, ByTheClockSuccessCountsFromThatVeryInstant) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Nothing came
    detect: {absence: {after: failed, without: [solved, closed], for: 1h}}
    success: {event: solved, within: 1h}
)");
  Add("10:00:00", "anna", "failed");
  Add("11:00:00", "anna", "solved");  // The timer fires before it.
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Figures(), HasSubstr(R"("reached":1,"decided":1,)"));
}

TEST_F(SuccessTest, WhoseTimeIsNotOverIsInNoShare) {
  AddFound("anna");
  Add("10:30:00", "anna", "solved");
  EXPECT_THAT(Figures(), HasSubstr(R"("found":1,"open":1,"reached":0,)"
                                   R"("decided":0,"precision":null,)"));
  EXPECT_THAT(Figures({"--until", "2026-01-01T11:00:59.999Z"}),
              HasSubstr(R"("open":1,)"));
  EXPECT_THAT(Figures({"--until", "2026-01-01T11:01:00Z"}),
              HasSubstr(R"("open":0,"reached":1,"decided":1,)"));
}

TEST_F(SuccessTest, ACustomerCountsOnceByTheFirstDetection) {
  AddFound("anna");
  Add("10:20:00", "anna", "solved");
  Add("12:00:00", "anna", "failed");
  Add("12:01:00", "anna", "failed");  // Found again, and not solved.
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Figures(),
              HasSubstr(R"("found":1,"open":0,"reached":1,"decided":1,)"));
}

TEST_F(SuccessTest, AllCustomersAreThoseActiveFromTheirFirstEventOn) {
  AddFound("anna");                  // In trouble.
  Add("10:00:00", "bob", "opened");  // Within the hour: not.
  Add("10:59:59", "bob", "solved");
  Add("10:00:00", "carl", "solved");  // At once: not.
  Add("10:00:00", "dora", "opened");  // Too late: in trouble.
  Add("11:00:00", "dora", "solved");
  Add("12:00:00", "eve", "opened");  // Her time is not over.
  EXPECT_THAT(Figures(), HasSubstr(R"("all_customers":4,"base":0.5000,)"));
  EXPECT_THAT(Figures(), HasSubstr(R"("lift":2.0000,)"));
  // What is before `--from` is not shown, and counts for nobody.
  EXPECT_THAT(Figures({"--from", "2026-01-01T10:30:00Z"}),
              HasSubstr(R"("all_customers":2,"base":0.0000,)"));
}

TEST_F(SuccessTest, TheLeadIsFromDetectionToTheFirstSuccess) {
  for (const char* customer : {"a", "b", "c"}) AddFound(customer);
  Add("10:11:00", "a", "solved");
  Add("10:12:00", "a", "solved");
  Add("10:21:00", "b", "solved");
  Add("10:31:00", "c", "solved");
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Figures(), HasSubstr(R"("lead_median_s":1200,)"));
  EXPECT_THAT(Figures(), HasSubstr(R"("lead_p90_s":1800,)"));
}

TEST_F(SuccessTest, ADetectionOfAnotherRuleCanBeTheSuccess) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
    success:
      event: "detection:recovers"
      where: {service: "it's \"mail\""}
      within: 1h
  - id: recovers
    title: Works again
    detect: {event_count: {event: worked, gte: 1, within: 1m, group_by: [service]}}
)");
  AddFound("anna");
  AddFound("bob");
  events_ += R"({"ts":"2026-01-01T10:10:00Z","customer":"anna",)"
             R"("event":"worked","service":"it's \"mail\""})"
             "\n"
             R"({"ts":"2026-01-01T10:10:00Z","customer":"bob",)"
             R"("event":"worked","service":"print"})"
             "\n";
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Figures(), HasSubstr(R"("reached":1,"decided":2,)"));
}

TEST_F(SuccessTest, WithoutAnEventEveryEventIsSuccessAndNoDetectionIs) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
    success: {within: 1h}
  - id: later
    title: An hour later
    detect: {absence: {after: failed, without: solved, for: 30m}}
)");
  AddFound("anna");
  AddFound("bob");
  Add("10:30:00", "bob", "opened");
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Figures(), HasSubstr(R"("reached":1,"decided":2,)"));
}

TEST_F(SuccessTest, TheTableSaysItForPeople) {
  AddFound("anna");
  Add("10:00:00", "bob", "solved");
  Add("23:00:00", "zoe", "closed");
  EXPECT_THAT(Backtest().out,
              HasSubstr("\nIn trouble: customers who did not reach the rule's "
                        "success by themselves in time\n"
                        "rule   found  still open      in trouble  of all "
                        "customers               lift  success after: median  "
                        "p90\n"
                        "fails      1           0  100 % (21-100)       "
                        "50 % (9-91)  2.00 (0.38-10.58)                      "
                        "-    -\n"
                        "In brackets: 95 % intervals.\n"));
}

TEST_F(SuccessTest, CsvIsTheTableOfTheFigures) {
  AddFound("anna");
  Add("23:00:00", "zoe", "closed");
  const Ran ran = Backtest({"--output", "csv"});
  EXPECT_TRUE(ran.out.starts_with(
      "rule,within_s,found,open,reached,decided,precision,precision_low,"
      "precision_high,all_customers,base,base_low,base_high,lift,lift_low,"
      "lift_high,lead_median_s,lead_median_low_s,lead_median_high_s,"
      "lead_p90_s,lead_p90_low_s,lead_p90_high_s\r\n"
      "fails,3600,1,0,0,1,1.0000,0.2065,1.0000,1,1.0000,0.2065,1.0000,"))
      << ran.out;
}

TEST_F(SuccessTest, WithoutARuleThatNamesItThereIsNothingToTell) {
  folder_.Write("rules/a.yaml", R"(version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
  - id: off
    title: Off
    status: disabled
    detect: {event_count: {event: failed, gte: 2, within: 10m}}
    success: {event: solved, within: 1h}
)");
  AddFound("anna");
  EXPECT_THAT(Backtest().out, HasSubstr("No rule names a `success`: whether it "
                                        "finds people in trouble cannot be "
                                        "told.\n"));
}

TEST(FormatSpanTest, TwoUnitsAreEnough) {
  struct Case {
    std::int64_t ms;
    const char* text;
  };
  for (const Case& one :
       {Case{0, "0ms"}, Case{999, "999ms"}, Case{59'400, "59s"},
        Case{59'600, "1m"}, Case{61'000, "1m 1s"}, Case{3'599'600, "1h"},
        Case{18'600'000, "5h 10m"}, Case{86'399'000, "1d"},
        Case{9 * 86'400'000 + 1'800'000, "9d 1h"}}) {
    EXPECT_EQ(FormatSpan(Duration(one.ms)), one.text) << one.ms;
  }
}

}  // namespace
}  // namespace premura
