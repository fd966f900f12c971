// SPDX-License-Identifier: Apache-2.0
// What a support lead is told of a rule that has not fired, kind by kind.

#include "notifiers/standing_words.h"

#include <gtest/gtest.h>

#include "notifiers/explain.h"
#include "notifiers/standing_report.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

// In Rome it is an hour later.
StandingReport Report(const std::string& rule, const std::string& stream,
                      const std::string& zone = "Europe/Rome") {
  const auto rules = RuleList("  - id: r\n    title: R\n" + rule);
  return MakeStandingReport(ExplainWith(rules, ParseStream(stream), "ann"),
                            zone, "");
}

TEST(StandingWords, OfEveryKind) {
  const struct {
    const char* detect;
    const char* stream;
    const char* expected;
  } cases[] = {
      {"{event_count: {event: view, where: {page|startswith: /b}, gte: 3, "
       "within: 15m}}",
       "ann view 1m page=/b\nann view 2m page=/b/1",
       "2 of 3 view (page|startswith: /b) within 15m; 1 more before 01:16 "
       "fires it"},
      {"{event_count: {event: view, gte: 3, within: 15m}}", "ann view 90s",
       "1 of 3 view within 15m; 2 more before 01:16:30 fire it"},
      {"{event_count: {event: view, gte: 3, within: 15m}}", "bob view 1m",
       "0 of 3 view within 15m"},
      {"{event_count: {event: view, gte: 3, within: 15m, group_by: page}}",
       "ann view 90s page=a",
       "page \"a\": 1 of 3 view within 15m; 2 more before 01:16:30 fire it"},
      {"{event_count: {event: view, gte: 3, within: 15m, group_by: page}}",
       "bob view 1m page=a", "remembers nothing of any group"},
      {"{event_count: {event: view, gte: 1, within: 15m}}", "bob view 1m",
       "waits for view, the next fires it"},
      {"{event_count: {event: view, lt: 2, within: 1h}}", "ann view 1m",
       "1 of 2 view within 1h; fires at 02:01 unless more come"},
      {"{event_count: {event: view, lt: 2, within: 1h}}",
       "ann view 1m\nclock 2h\nann view 150m",
       "is watched again once there are enough: 1 of 2 view within 1h; 1 more "
       "before 04:30"},
      {"{value_count: {event: [view, open], field: page, gte: 3, within: 1h}}",
       "ann view 1m page=a\nann open 2m page=b",
       "2 of 3 different values of page in view or open within 1h; 1 more "
       "such value before 02:01 fires it"},
      {"{flapping: {turned_on: on, turned_off: off, gte: 2, within: 1h}}",
       "ann on 1m\nann off 2m",
       "1 of 2 changes of state within 1h; 1 more before 02:02 fires it"},
      {"{change: {event: plan, field: plan, within: 1h}}", "ann plan 1m plan=a",
       "the value before is that of 01:01; plan with another value of plan "
       "before 02:01 fires it"},
      {"{change: {event: set, field: [plan, seats]}}",
       "ann set 1m plan=a seats=2",
       "the value before is that of 01:01; set with another value of plan, "
       "seats fires it"},
      {"{change: {event: set, field: plan, to: free}}", "ann set 1m plan=a",
       "the value before is that of 01:01; set with another value of plan "
       "(plan: free) fires it"},
      {"{change: {event: set, field: plan, from: b}}", "ann set 1m plan=a",
       "the value before is that of 01:01, which is none that `from` means; "
       "waits for set (plan: b)"},
      {"{change: {event: set, field: plan}}", "bob set 1m plan=a",
       "waits for set; the next only tells what it is"},
      {"{new_term: {event: login, field: ip, learn: 1d, remember: 30d}}",
       "ann login 1m ip=a\nann login 2m ip=b",
       "knows 2 values of ip; fires on nothing before 2026-01-02 01:01"},
      {"{new_term: {event: login, field: ip, learn: 1m, remember: 30d}}",
       "ann login 1m ip=a\nann login 5m ip=a",
       "knows 1 value of ip; login with a value of ip not seen within 30d "
       "fires it"},
      {"{new_term: {event: login, field: ip, learn: 1d, remember: 30d}}",
       "bob login 1m ip=a", "waits for login"},
      {"{sequence: {steps: [{event: start}, {not: {event: paid}}, {event: "
       "failed}, {event: left}], within: 30m}}",
       "ann start 1m",
       "1 of 3 steps since 01:01; waits for failed before 01:31; paid ends it"},
      {"{sequence: {steps: [{event: start}, {event: left, next: true}], "
       "within: "
       "30m}}",
       "ann start 1m",
       "1 of 2 steps since 01:01; waits for left before 01:31, which fires it; "
       "so does any other event"},
      {"{sequence: {steps: [{event: start}, {not: paid, for: 30m}]}}",
       "ann start 1m",
       "all 1 steps, the last at 01:01; fires at 01:31 unless paid comes "
       "before"},
      {"{sequence: {steps: [{not: help, for: 1d}, {event: start}, {event: "
       "left}], within: 1h}}",
       "ann help 1m",
       "what must not come before did; waits for start, not before 2026-01-02 "
       "01:01"},
      {"{temporal: {all: [a, b, c], within: 10m}}", "ann a 1m\nann c 2m",
       "2 of 3, in any order; waits for b; 1 more before 01:11 fires it"},
      {"{absence: {after: start, without: paid, for: 30m}}", "ann start 1m",
       "start at 01:01; fires at 01:31 unless paid comes before"},
      {"{absence: {after: start, without: paid, for: 30m}}", "ann paid 1m",
       "waits for start"},
      {"{silence: {event: login, for: 2h, min_events: 3}}", "ann login 1m",
       "1 of 3 login before silence counts"},
      {"{silence: {event: login, for: 2h}}", "ann login 1m",
       "silent since 01:01; fires at 03:01 unless login comes before"},
      {"{ratio: {of: bad, over: [bad, good], gte: 0.5, within: 1h, "
       "min_denominator: 4}}",
       "ann good 1m\nann good 2m\nann bad 3m",
       "1 of 3 bad or good are bad (33.3333 %), fires when at least 50 %, 3 of "
       "4 "
       "events that it takes; 1 more that is bad before 02:01 fires it"},
      {"{ratio: {of: bad, over: [bad, good], gte: 0.6, within: 1h, "
       "min_denominator: 4}}",
       "ann good 1m\nann good 2m",
       "0 of 2 bad or good are bad (0 %), fires when at least 60 %, 2 of 4 "
       "events that it takes; 3 more in a row that are bad before 02:01 fire "
       "it"},
      {"{ratio: {of: {event: paid, where: {ok: 1}}, over: paid, lt: 0.5, "
       "within: 1h}}",
       "ann paid 1m ok=1",
       "1 of 1 paid are paid (ok: 1) (100 %), fires when below 50 %; 2 more "
       "in a row that are not paid (ok: 1) before 02:01 fire it"},
      {"{aggregate: {event: pay, field: sum, fn: sum, gte: 10, within: 1h}}",
       "ann pay 1m sum=4.2",
       "sum of sum is 4.2, fires when at least 10; a number at least 5.8 "
       "before "
       "02:01 fires it"},
      {"{aggregate: {event: pay, field: sum, fn: avg, gte: 3, within: 1h, for: "
       "10m}}",
       "ann pay 1m sum=4",
       "avg of sum is 4, fires when at least 3; fires at 01:11 if it stays so"},
      {"{spike: {event: err, within: 10m, reference: 20m, direction: up, "
       "factor: 2, min_current: 1}}",
       "ann err 1m\nann err 25m",
       "1 err where 0.5 are usual, fires when at least 1; fires on nothing "
       "before "
       "01:31"},
      {"{score: {signals: [{event: a, weight: 3}, {event: b, weight: 1}], "
       "half_life: 1h, gte: 5, reset_below: 2}}",
       "ann a 1m",
       "the score is 3 of 5; waits for a; 1 more before 01:36:05.866 fires it"},
      {"{score: {signals: [{event: a, weight: 8}], half_life: 1h, gte: 5, "
       "reset_below: 2}}",
       "ann a 1m",
       "has fired; the score is 8, and low enough to fire again from "
       "03:01:00.001"},
  };
  for (const auto& test : cases) {
    const auto report =
        Report(std::string("    detect: ") + test.detect, test.stream);
    EXPECT_EQ(report.rules.at(0).now, std::vector<std::string>{test.expected})
        << test.detect;
  }
}

TEST(StandingWords, OfADeadline) {
  Rig rig(
      RuleList("  - id: r\n    title: R\n    detect: {deadline: {field: "
               "renewal, before: 7d, unless: renewed}}"));
  const auto now = [&rig] {
    return MakeStandingReport(rig.engine().Explain("ann"), "Europe/Rome", "")
        .rules.at(0)
        .now.at(0);
  };
  rig.Play("ann other 1m");
  EXPECT_EQ(now(), "the profile has no renewal ahead");
  rig.SetProfile("ann", "renewal", "\"2026-01-31T11:00:00Z\"");
  EXPECT_EQ(now(), "fires at 2026-01-24 12:00, 7d before renewal");
  rig.Play("ann renewed 2m");
  EXPECT_EQ(now(),
            "has fired, or `unless` came; fires again when renewal moves");
}

TEST(StandingWords, OfWhatIsNotForThisCustomerOrSwitchedOff) {
  constexpr char kDetect[] =
      "    detect: {event_count: {event: a, gte: 2, within: 1h}}";
  EXPECT_EQ(Report(std::string("    only_for: {tier: [pro, gold]}\n") + kDetect,
                   "ann a 1m")
                .rules.at(0)
                .now.at(0),
            "is not for this customer: wanted tier: [pro, gold], tier is not "
            "there");
  const StandingReport other =
      Report(std::string("    only_for: {tier: pro}\n") + kDetect, "ann a 1m");
  EXPECT_EQ(other.rules.at(0).now.size(), 1U)
      << "nothing is promised that does not come";
  const auto again = ParseStandingReport(ToJson(other));
  EXPECT_FALSE(again.value().rules.at(0).for_customer);
  Explanation explanation;
  explanation.customer = "ann";
  explanation.standings = again.value();
  EXPECT_NE(ToText(explanation)
                .find("\nr is not for this customer: wanted tier: pro, tier is "
                      "not there\n"),
            std::string::npos)
      << ToText(explanation);
  const StandingReport off =
      Report(std::string("    status: disabled\n") + kDetect, "ann a 1m");
  EXPECT_EQ(off.rules.at(0).now.at(0), "is disabled, and sees nothing");
  EXPECT_EQ(off.rules.at(0).status, "disabled");
}

TEST(StandingWords, OfGroupsAndOfWhatWasPassedOver) {
  const StandingReport report = Report(
      "    detect: {event_count: {event: a, where: {v: 1}, gte: 3, within: 1h, "
      "group_by: [svc]}}",
      "ann a 1m v=1 svc=x\nann a 2m v=1 svc=y\nann a 3m v=2 svc=x\nann a 4m "
      "v=1",
      "");
  EXPECT_EQ(report.rules.at(0).now,
            (std::vector<std::string>{
                "svc \"y\": 1 of 3 a (v: 1) within 1h; 2 more before 01:02 UTC "
                "fire it",
                "svc \"x\": 1 of 3 a (v: 1) within 1h; 2 more before 01:01 UTC "
                "fire it"}));
  EXPECT_EQ(report.rules.at(0).passed_over,
            (std::vector<std::string>{"a at 00:04 UTC: svc is not there",
                                      "a at 00:03 UTC: wanted v: 1, v is 2"}));
  EXPECT_FALSE(report.rules.at(0).idle);
}

TEST(StandingReport, ReadsBackWhatItWrites) {
  const StandingReport report =
      Report("    detect: {absence: {after: start, without: paid, for: 30m}}",
             "ann start 1m");
  const std::string json = ToJson(report);
  const auto again = ParseStandingReport(json);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(ToJson(again.value()), json);
  EXPECT_EQ(again.value().rules.at(0).now, report.rules.at(0).now);
  EXPECT_TRUE(again.value().seen);
  EXPECT_NE(json.find(R"("phase":"timed")"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("fires_at":"2026-01-01T00:31:00.000Z")"),
            std::string::npos)
      << json;
  EXPECT_FALSE(ParseStandingReport("{}").ok());
  EXPECT_FALSE(ParseStandingReport("no daemon of ours").ok());
}

}  // namespace
}  // namespace premura
