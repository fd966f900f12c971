// SPDX-License-Identifier: Apache-2.0
// What the gates make of what was detected, in the course of time.

#include <gtest/gtest.h>

#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class OutreachGatesTest : public testing::Test, protected OutreachWorld {};

TEST_F(OutreachGatesTest, EachGateSpeaksInItsWord) {
  Start(RuleYaml("loop", "holdout: 100%", kEmailAction) +
        RuleYaml("plain", "", std::string(kEmailAction) + kSmsAction));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress holdout");
  EXPECT_EQ(Decision(Fire("plain", "ghost"), "email"), "suppress no_address");
  Know("bad", {{"email", "\"a@b@c\""}, {"consent.sms", "false"}});
  const std::string id = Fire("plain", "bad");
  EXPECT_EQ(Decision(id, "email"), "suppress bad_address");
  EXPECT_EQ(Decision(id, "sms"), "suppress no_consent");
}

TEST_F(OutreachGatesTest, CooldownSparesACustomerAllActionsOfTheNextDetection) {
  Start(RuleYaml("loop", "cooldown: 7d",
                 std::string(kTicketAction) + kEmailAction));
  Fire("loop", "acme");
  now += days(6);
  const std::string second = Fire("loop", "acme");
  EXPECT_EQ(Decision(second, "ticket"), "suppress cooldown");
  EXPECT_EQ(Decision(second, "email"), "suppress cooldown");
  now += days(1);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "ticket"), "send")
      << "measured from the one that led to a contact";
}

TEST_F(OutreachGatesTest, OnlyWhatLedToAContactStartsACooldown) {
  Know("acme", {{"consent.email", "false"}, {"email", "\"m@example.com\""}});
  Start(RuleYaml("loop", "cooldown: 7d", kEmailAction));
  Fire("loop", "acme");
  Know("acme", {{"email", "\"m@example.com\""}});
  now += hours(1);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
}

TEST_F(OutreachGatesTest, WhatWasTakenBackStartsNoCooldown) {
  Start(RuleYaml("loop", "cooldown: 7d",
                 "      - email: {template: h, delay: 10m}\n"));
  Fire("loop", "acme");
  Cancel("loop", "acme");
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "hold delay");
}

TEST_F(OutreachGatesTest, ACooldownBeginsWithTheContactNotWithItsDetection) {
  Start(RuleYaml("loop", "cooldown: 1d",
                 "      - email: {template: h, delay: 12h}\n"));
  const std::string first = Fire("loop", "acme");
  now += hours(1);
  const std::string waits = Fire("loop", "acme");
  EXPECT_EQ(Decision(waits, "email"), "suppress cooldown");
  EXPECT_EQ(observer.decided.back().verdict.detail,
            "1d from a contact that waits to go out");
  Pass(hours(11));
  EXPECT_EQ(State(first, "email"), "sent delivered");
  now += hours(23);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress cooldown");
  now += hours(1);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "hold delay");
}

TEST_F(OutreachGatesTest, CapsCountOverRulesChannelsAndActionsOfOneCase) {
  settings->restraint.frequency_cap["any"] = {2, days(7)};
  Start(RuleYaml("one", "", std::string(kTicketAction) + kEmailAction) +
        RuleYaml("two", "", std::string(kEmailAction) + kSmsAction));
  Fire("one", "acme");
  now += days(1);
  const std::string id = Fire("two", "acme");
  EXPECT_EQ(Decision(id, "email"), "send");
  EXPECT_EQ(Decision(id, "sms"), "suppress frequency_cap");
  now += days(6);
  EXPECT_EQ(Decision(Fire("two", "acme"), "email"), "send");
}

TEST_F(OutreachGatesTest, AFailedContactCountsForNothingAnUnknownOneDoes) {
  settings->restraint.frequency_cap["email"] = {1, days(7)};
  email->Next({"rejected", "unknown_before"});
  Start(RuleYaml("loop", "", kEmailAction));
  EXPECT_EQ(State(Fire("loop", "acme"), "email"), "failed refused");
  EXPECT_EQ(State(Fire("loop", "acme"), "email"), "unknown unknown_outcome");
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress frequency_cap");
}

TEST_F(OutreachGatesTest, AWaitingContactIsOutrankedByAHigherPriority) {
  settings->restraint.frequency_cap["email"] = {1, days(7)};
  Start(RuleYaml("small", "priority: 10",
                 "      - email: {template: h, delay: 1h}\n") +
        RuleYaml("big", "priority: 90", kEmailAction) +
        RuleYaml("late", "priority: 20", kEmailAction));
  const std::string small = Fire("small", "acme");
  EXPECT_EQ(State(small, "email"), "held delay");
  email->Next({"retry"});
  const std::string big = Fire("big", "acme");
  EXPECT_EQ(State(small, "email"), "suppressed outranked_by");
  EXPECT_EQ(Get(small, "email").detail, "big");
  EXPECT_EQ(State(big, "email"), "retry unreachable");
  EXPECT_EQ(Decision(Fire("late", "acme"), "email"), "suppress outranked_by");
  Pass(hours(1));
  EXPECT_EQ(State(big, "email"), "sent delivered");
  EXPECT_EQ(email->TotalArrived(), 1);
}

TEST_F(OutreachGatesTest, QuietHoursHoldAndThenSend) {
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(minutes(119));
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_TRUE(email->deliveries[0].ticket);
}

TEST_F(OutreachGatesTest, QuietHoursThatBeginWhileItWaitsHoldItAgain) {
  settings->restraint.quiet_hours["email"].spans = {{11 * 60, 12 * 60}};
  email->Next({"throttled"});
  email->retry_after = hours(1);
  Start(RuleYaml("loop", "", kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "retry throttled");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachGatesTest,
       AMissingZoneIsWaitedForAndAsksAgainWhenItIsToldOrSet) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{22 * 60, 23 * 60}};
  Know("other", {{"email", "\"o@example.com\""}});
  Start(RuleYaml("loop", "", kEmailAction));
  const std::string id = Fire("loop", "acme");
  std::string other = Fire("loop", "other");
  EXPECT_EQ(State(id, "email"), "held timezone_missing");
  ShardOutput output;
  output.profiles.push_back(
      {.customer = "acme", .entries = {{"timezone", "\"Europe/Rome\""}}});
  profiles.Merge(output.profiles[0]);
  Submit(std::move(output));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(State(other, "email"), "held timezone_missing");
  output.profiles = {{.customer = "other", .entries = {{"country", "\"IT\""}}}};
  profiles.Merge(output.profiles[0]);
  Submit(std::move(output));
  EXPECT_EQ(State(other, "email"), "sent delivered");
  Know("stranger", {{"email", "\"s@example.com\""}});
  other = Fire("loop", "stranger");
  EXPECT_EQ(State(other, "email"), "held timezone_missing");
  settings->restraint.timezone_missing = "Europe/Rome";
  Use();
  EXPECT_EQ(State(other, "email"), "sent delivered");
}

TEST_F(OutreachGatesTest, WhatExpiresWhileItWaitsIsNotSent) {
  email->Next({"throttled"});
  email->retry_after = hours(1);
  Start(RuleYaml("loop", "expires_after: 30m", kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "retry throttled");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "suppressed expired");
  EXPECT_EQ(email->TotalArrived(), 0);
}

}  // namespace
}  // namespace premura
