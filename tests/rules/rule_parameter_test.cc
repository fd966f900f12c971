// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_parameter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace premura {
namespace {

using ::testing::HasSubstr;

constexpr char kRules[] = R"(version: 1
rules:
  - id: fails
    title: Fällt aus
    detect: {event_count: {event: "é", where: {size|gte: 7}, gte: 3, within: "10m"}}
    cooldown: 7d
    holdout: 10%
    success: {event: solved, within: 1h}
    actions:
      - email: {template: a, delay: 5m}
      - ticket: {template: a, delay: 10m}
  - id: waits
    title: Waits
    detect: {absence: {after: a, without: b, for: 1h}}
    success: {event: solved, within: 1h}
  - id: steps
    title: Steps
    detect:
      sequence:
        within: &span 30m
        steps:
          - {event: a}
          - {event: b, times: 2}
)";

std::vector<RuleFile> Files() { return {{"a.yaml", kRules}}; }

TEST(RuleParameterTest, IsChangedWhereItStands) {
  struct Case {
    const char* rule;
    const char* name;
    const char* path;
    const char* value;
    const char* now;  // A piece of the text with `99` in its place.
  };
  const Case cases[] = {
      {"fails", "gte", "detect.event_count.gte", "3", "}, gte: 99, within"},
      {"fails", "where.size|gte", "detect.event_count.where.size|gte", "7",
       "{size|gte: 99}, gte: 3"},
      {"fails", "within", "detect.event_count.within", "10m", "within: 99}}"},
      {"fails", "success.within", "success.within", "1h", "solved, within: 99"},
      {"fails", "cooldown", "cooldown", "7d", "cooldown: 99\n"},
      {"fails", "holdout", "holdout", "10%", "holdout: 99\n"},
      {"fails", "email.delay", "actions.1.email.delay", "5m",
       "{template: a, delay: 99}\n      - ticket"},
      {"steps", "times", "detect.sequence.steps.2.times", "2", "times: 99}"},
  };
  for (const Case& one : cases) {
    const auto found = FindRuleParameter(Files(), one.rule, one.name);
    ASSERT_TRUE(found.ok()) << one.name << ": " << found.error().message;
    EXPECT_EQ(found.value().path, one.path);
    EXPECT_EQ(found.value().value, one.value);
    EXPECT_THAT(WithParameter(Files(), found.value(), "99")[0].text,
                HasSubstr(one.now));
  }
}

TEST(RuleParameterTest, SaysWhatThereIsInstead) {
  struct Case {
    const char* rule;
    const char* name;
    const char* message;
  };
  const Case cases[] = {
      {"fail", "gte", "there is no rule `fail`; did you mean `fails`?"},
      {"other", "gte", "there is no rule `other`"},
      {"fails", "witin",
       "rule `fails` has no number or duration `witin` written in it; did you "
       "mean `within`?"},
      {"steps", "priority",
       "has no number or duration `priority` written in it; it has "
       "`detect.sequence.within`, `detect.sequence.steps.2.times`"},
      {"waits", "within",
       "has no number or duration `within` written in it; it has "
       "`detect.absence.for`, `success.within`"},
      {"fails", "title", "has no number or duration `title`"},
      {"fails", "delay",
       "`delay` in rule `fails` may be `actions.1.email.delay`, "
       "`actions.2.ticket.delay`: write which"},
  };
  for (const Case& one : cases) {
    const auto found = FindRuleParameter(Files(), one.rule, one.name);
    ASSERT_FALSE(found.ok()) << one.name;
    EXPECT_THAT(found.error().message, HasSubstr(one.message));
  }
}

TEST(RuleParameterTest, BehindAnAnchorItIsChangedOrRefusedButNeverMissed) {
  const auto found = FindRuleParameter(Files(), "steps", "within");
  if (found.ok()) {
    EXPECT_THAT(WithParameter(Files(), found.value(), "99m")[0].text,
                HasSubstr("within: &span 99m"));
  } else {
    EXPECT_THAT(found.error().message, HasSubstr("stands behind an anchor"));
  }
}

}  // namespace
}  // namespace premura
