// SPDX-License-Identifier: Apache-2.0
// Deciding and delivering, without faults of the ledger or of the process.

#include "notifiers/outreach.h"

#include <gtest/gtest.h>

#include "notifiers/digest.h"
#include "notifiers/left_to_others.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string Rule(const std::string& id, const std::string& more,
                 const std::string& actions) {
  return "  - id: " + id + "\n    title: Keeps coming back\n" +
         "    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}\n"
         "    cancel_on: [{event: invoice_paid}]\n" +
         (more.empty() ? "" : "    " + more + "\n") + "    actions:\n" +
         actions;
}
const char kTicket[] = "      - ticket: {template: help, queue: billing}\n";
const char kEmail[] = "      - email: {template: help}\n";
const char kSms[] = "      - sms: {template: short}\n";

class OutreachTest : public testing::Test, protected OutreachWorld {};

TEST_F(OutreachTest, CallsAndWhatIsToBeWrittenTakeTurns) {
  Start(Rule("loop", "", kEmail));
  email->Next({"lost_before"});
  Fire("loop", "acme");  // The call runs, unanswered.
  ShardOutput much;
  much.cancellations.assign(2000, {"loop", "nobody", now, "invoice_paid"});
  int written = 0;
  for (int i = 0; i < 3; ++i) core->Submit(much, [&written] { ++written; });
  EXPECT_LE(core->Pump(now), now);
  EXPECT_EQ(written, 1);
  now += milliseconds(150);  // So long did it take.
  EXPECT_EQ(core->Pump(now), now + milliseconds(150));
  EXPECT_EQ(written, 1) << "the calls' turn";
  now += milliseconds(150);
  core->Pump(now);
  EXPECT_EQ(written, 2);
  core->StopSending();
  core->Pump(now + milliseconds(1));
  EXPECT_EQ(written, 3) << "nobody's turn is waited for at the end";
}

// A cap that names tickets counts them, and nothing else.
TEST_F(OutreachTest, TicketsAndMessagesAreCappedApart) {
  Start(Rule("loop", "frequency_cap: {ticket: 2/7d, email: 1/7d}",
             std::string(kTicket) + kEmail));
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(Fire("loop", "acme"));
    Pass(hours(1));
  }
  EXPECT_EQ(State(ids[0], "ticket"), "sent delivered");
  EXPECT_EQ(State(ids[1], "ticket"), "sent delivered");
  EXPECT_EQ(Decision(ids[2], "ticket"), "suppress frequency_cap");
  EXPECT_EQ(State(ids[0], "email"), "sent delivered");
  EXPECT_EQ(Decision(ids[1], "email"), "suppress frequency_cap");
}

TEST_F(OutreachTest, ADetectionBecomesATicketAMailAndAnSms) {
  Start(Rule("loop", "", std::string(kTicket) + kEmail + kSms));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(durable, 1);
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(State(id, "sms"), "sent delivered");
  ASSERT_EQ(desk->deliveries.size(), 1U);
  const Message& ticket = desk->deliveries[0];
  EXPECT_EQ(ticket.key, DeliveryKey("premura", id, "ticket", 0));
  EXPECT_EQ(ticket.queue, "billing");
  EXPECT_EQ(ticket.to, "marta@example.com");
  EXPECT_EQ(ticket.text,
            "ticket help for Marta; email follows; sms on its way");
  EXPECT_NE(ticket.case_json.find(id), std::string::npos);
  ASSERT_EQ(sms->deliveries.size(), 1U);
  EXPECT_EQ(sms->deliveries[0].to, "+393331234567");
  ASSERT_EQ(observer.decided.size(), 3U);
  EXPECT_EQ(observer.decided[0].why, "page_viewed x2 from 09:57 to 10:00 UTC");
  EXPECT_EQ(observer.decided[1].template_name, "help");
}

TEST_F(OutreachTest, ATicketSaysWhatWasNotToBe) {
  Know("acme", {{"name", "\"Marta\""},
                {"email", "\"marta@example.com\""},
                {"consent.email", "false"}});
  Start(Rule("loop", "",
             std::string(kTicket) + kEmail + kSms +
                 "      - sms: {template: s, only_if: {tier: gold}}\n"));
  Fire("loop", "acme");
  ASSERT_EQ(desk->deliveries.size(), 1U);
  EXPECT_EQ(desk->deliveries[0].text,
            "ticket help for Marta; email not sent: no consent; "
            "sms not sent: no address");
}

TEST_F(OutreachTest, AMailSpeaksTheCustomersLanguageATicketTheTeams) {
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  Know("ann", {{"locale", "\"it\""}, {"email", "\"ann@example.com\""}});
  Fire("loop", "ann");
  ASSERT_EQ(desk->deliveries.size(), 1U);
  EXPECT_EQ(desk->deliveries[0].locale, "en");
  ASSERT_EQ(email->deliveries.size(), 1U);
  EXPECT_EQ(email->deliveries[0].locale, "it");
}

TEST_F(OutreachTest, AMailCarriesTheTicketOfItsCase) {
  Start(Rule("loop", "", std::string(kEmail) + kTicket));
  Fire("loop", "acme");
  ASSERT_EQ(email->deliveries.size(), 1U);
  ASSERT_TRUE(email->deliveries[0].ticket);
  EXPECT_EQ(email->deliveries[0].ticket->id, "4711");
  EXPECT_EQ(email->deliveries[0].ticket->message_id, "ticket-4711@test");
  EXPECT_EQ(email->deliveries[0].subject, "about [test #4711]");
}

TEST_F(OutreachTest, AMailWaitsTwoMinutesForATicketAndThenGoesWithout) {
  desk->Next({"retry", "retry", "retry", "retry", "retry", "retry", "retry"});
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "held waiting_for_ticket");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "held waiting_for_ticket");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_FALSE(email->deliveries[0].ticket);
}

TEST_F(OutreachTest, AMailNeedNotWaitForATicketThatFailed) {
  desk->Next({"rejected"});
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "failed refused");
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, AMailWaitsForATicketThatIsReleasedWithIt) {
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Pass(hours(5));
  EXPECT_EQ(State(id, "email"), "held stop_all");
  SetStopAll(false);
  Pass(seconds(1));
  ASSERT_EQ(email->deliveries.size(), 1U);
  EXPECT_EQ(email->deliveries[0].subject, "about [test #4711]");
}

TEST_F(OutreachTest, AMailsPatienceBeginsWhenItCouldBeSent) {
  desk->Next(std::vector<std::string>(20, "retry"));
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Pass(hours(5));
  SetStopAll(false);
  Pass(seconds(1));
  for (int i = 0; i < 119; ++i) {
    EXPECT_EQ(State(id, "email"), "held waiting_for_ticket") << i;
    Pass(seconds(1));
  }
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, AMailDoesNotWaitForATicketHeldForReasonsOfItsOwn) {
  struct Held {
    const char* ticket;
    const char* state;
  };
  for (const Held& held :
       {Held{"      - ticket: {template: t, delay: 1h}\n", "held delay"},
        Held{"      - ticket: {template: t, desk: none}\n",
             "held channel_missing"}}) {
    OutreachWorld world;
    world.Start(Rule("loop", "", std::string(kEmail) + held.ticket));
    const std::string id = world.Fire("loop", "acme");
    EXPECT_EQ(world.State(id, "ticket"), held.state);
    EXPECT_EQ(world.State(id, "email"), "sent delivered") << held.state;
  }
}

TEST_F(OutreachTest, TheSameDetectionAgainChangesNothing) {
  Start(Rule("loop", "", kEmail));
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  ShardOutput again = output;
  Submit(std::move(output));
  Submit(std::move(again));
  EXPECT_EQ(durable, 2);
  EXPECT_EQ(email->TotalArrived(), 1);
  EXPECT_EQ(observer.decided.size(), 1U);
  EXPECT_EQ(Count("detections"), 1);
}

TEST_F(OutreachTest, ARuleWithoutActionsIsRecordedOnly) {
  Start(
      "  - id: quiet\n    title: Quiet\n"
      "    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}\n");
  Fire("quiet", "acme");
  EXPECT_EQ(Count("detections"), 1);
  EXPECT_EQ(Count("decisions"), 0);
  EXPECT_TRUE(observer.decided.empty());
}

TEST_F(OutreachTest, ARuleOnTrialIsDecidedAndNotSent) {
  Start(Rule("loop", "status: simulation", std::string(kTicket) + kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(Decision(id, "ticket"), "suppress simulation");
  EXPECT_EQ(Decision(id, "email"), "suppress simulation");
  EXPECT_EQ(Count("deliveries"), 0);
  EXPECT_EQ(observer.decided[0].verdict.detail, "would be sent");
}

// As it would if it were live; live rules do not see what did not happen.
TEST_F(OutreachTest, ARuleOnTrialIsBoundByWhatItWouldHaveSent) {
  settings->restraint.frequency_cap["email"] = {2, days(7)};
  Start(Rule("loop", "status: simulation\n    cooldown: 1d",
             std::string(kTicket) + kEmail) +
        Rule("like", "status: simulation", kEmail) + Rule("live", "", kEmail));
  const auto say = [this](const std::string& rule) {
    Fire(rule, "acme");
    return observer.decided.back().verdict.detail;
  };
  EXPECT_EQ(say("loop"), "would be sent");
  now += hours(1);
  EXPECT_EQ(say("loop"), "would be suppressed by cooldown");
  EXPECT_EQ(say("like"), "would be sent");
  EXPECT_EQ(say("like"), "would be suppressed by frequency_cap")
      << "by its own and by that of another in simulation";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Decision(Fire("live", "acme"), "email"), "send");
  }
  EXPECT_EQ(Decision(Fire("live", "acme"), "email"), "suppress frequency_cap");
  now += days(6);
  EXPECT_EQ(say("loop"), "would be suppressed by frequency_cap")
      << "by what was really sent";
  Restart();
  now += days(1);
  EXPECT_EQ(say("like"), "would be sent");
  Pass(days(401));
  Pass(hours(1));
  EXPECT_EQ(Count("simulated_contacts"), 0);
}

TEST_F(OutreachTest, WhereAllIsATrialARuleInSimulationIsLive) {
  settings->simulation_is_live = true;
  Start(Rule("loop", "status: simulation", kEmail));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
}

// A flood is stopped by stop-all, its rule mended, and stop-all lifted.
TEST_F(OutreachTest, WhatWaitsGoesOnlyWhileItsRuleIsLive) {
  struct Row {
    std::string rule_now;
    std::string state;
  };
  for (const auto& [rule_now, state] :
       std::vector<Row>{{Rule("loop", "", kEmail), "sent delivered"},
                        {Rule("loop", "status: simulation", kEmail),
                         "suppressed simulation"},
                        {Rule("loop", "status: disabled", kEmail),
                         "suppressed rule_disabled"},
                        {Rule("other", "", kEmail), "suppressed rule_gone"}}) {
    if (core) SetStopAll(true);
    Start(Rule("loop", "", kEmail));
    SetStopAll(true);
    Pass(seconds(1));
    const std::string id = Fire("loop", "acme");
    EXPECT_EQ(State(id, "email"), "held stop_all");
    LoadRules(rule_now);
    settings->rules = rules;
    Use();
    SetStopAll(false);
    Pass(seconds(1));
    // Where a ledger is shared another instance might have the rule.
    Pass(LeftToOthers::kPatience);
    EXPECT_EQ(State(id, "email"), state);
    settings->rules = nullptr;
    now += days(8);
  }
}

TEST_F(OutreachTest, AnActionsOwnConditionReadsTheProfile) {
  Start(Rule("loop", "",
             "      - sms: {template: s, only_if: {tier: professional}}\n"));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "sms"), "suppress only_if");
  EXPECT_EQ(observer.decided.back().verdict.detail, "tier is not known");
  Know("pro", {{"tier", "\"professional\""}, {"phone", "\"+393331234567\""}});
  EXPECT_EQ(Decision(Fire("loop", "pro"), "sms"), "send");
}

TEST_F(OutreachTest, EachGateSpeaksInItsWord) {
  Start(Rule("loop", "holdout: 100%", kEmail) +
        Rule("plain", "", std::string(kEmail) + kSms));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress holdout");
  EXPECT_EQ(Decision(Fire("plain", "ghost"), "email"), "suppress no_address");
  Know("bad", {{"email", "\"a@b@c\""}, {"consent.sms", "false"}});
  const std::string id = Fire("plain", "bad");
  EXPECT_EQ(Decision(id, "email"), "suppress bad_address");
  EXPECT_EQ(Decision(id, "sms"), "suppress no_consent");
}

TEST_F(OutreachTest, CooldownSparesACustomerAllActionsOfTheNextDetection) {
  Start(Rule("loop", "cooldown: 7d", std::string(kTicket) + kEmail));
  Fire("loop", "acme");
  now += days(6);
  const std::string second = Fire("loop", "acme");
  EXPECT_EQ(Decision(second, "ticket"), "suppress cooldown");
  EXPECT_EQ(Decision(second, "email"), "suppress cooldown");
  now += days(1);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "ticket"), "send")
      << "measured from the one that led to a contact";
}

TEST_F(OutreachTest, OnlyWhatLedToAContactStartsACooldown) {
  Know("acme", {{"consent.email", "false"}, {"email", "\"m@example.com\""}});
  Start(Rule("loop", "cooldown: 7d", kEmail));
  Fire("loop", "acme");
  Know("acme", {{"email", "\"m@example.com\""}});
  now += hours(1);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
}

TEST_F(OutreachTest, CapsCountOverRulesChannelsAndActionsOfOneCase) {
  settings->restraint.frequency_cap["any"] = {2, days(7)};
  Start(Rule("one", "", std::string(kTicket) + kEmail) +
        Rule("two", "", std::string(kEmail) + kSms));
  Fire("one", "acme");
  now += days(1);
  const std::string id = Fire("two", "acme");
  EXPECT_EQ(Decision(id, "email"), "send");
  EXPECT_EQ(Decision(id, "sms"), "suppress frequency_cap");
  now += days(6);
  EXPECT_EQ(Decision(Fire("two", "acme"), "email"), "send");
}

TEST_F(OutreachTest, AFailedContactCountsForNothingAnUnknownOneDoes) {
  settings->restraint.frequency_cap["email"] = {1, days(7)};
  email->Next({"rejected", "unknown_before"});
  Start(Rule("loop", "", kEmail));
  EXPECT_EQ(State(Fire("loop", "acme"), "email"), "failed refused");
  EXPECT_EQ(State(Fire("loop", "acme"), "email"), "unknown unknown_outcome");
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress frequency_cap");
}

TEST_F(OutreachTest, AWaitingContactIsOutrankedByAHigherPriority) {
  settings->restraint.frequency_cap["email"] = {1, days(7)};
  Start(Rule("small", "priority: 10",
             "      - email: {template: h, delay: 1h}\n") +
        Rule("big", "priority: 90", kEmail) +
        Rule("late", "priority: 20", kEmail));
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

TEST_F(OutreachTest, QuietHoursHoldAndThenSend) {
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(Rule("loop", "", std::string(kTicket) + kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(minutes(119));
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_TRUE(email->deliveries[0].ticket);
}

TEST_F(OutreachTest, QuietHoursThatBeginWhileItWaitsHoldItAgain) {
  settings->restraint.quiet_hours["email"].spans = {{11 * 60, 12 * 60}};
  email->Next({"throttled"});
  email->retry_after = hours(1);
  Start(Rule("loop", "", kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "retry throttled");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, AMissingZoneIsWaitedForAndAsksAgainWhenItIsToldOrSet) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{22 * 60, 23 * 60}};
  Know("other", {{"email", "\"o@example.com\""}});
  Start(Rule("loop", "", kEmail));
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

TEST_F(OutreachTest, WhatExpiresWhileItWaitsIsNotSent) {
  email->Next({"throttled"});
  email->retry_after = hours(1);
  Start(Rule("loop", "expires_after: 30m", kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "retry throttled");
  Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "suppressed expired");
  EXPECT_EQ(email->TotalArrived(), 0);
}

TEST_F(OutreachTest, ACancellationTakesBackWhatHasNotBeenSent) {
  const std::string delayed = "      - email: {template: h, delay: 10m}\n";
  Start(Rule("loop", "", kTicket + delayed) + Rule("other", "", delayed));
  const std::string id = Fire("loop", "acme");
  const std::string other = Fire("other", "acme");
  now += minutes(5);
  Cancel("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "suppressed cancelled");
  EXPECT_EQ(Get(id, "email").detail, "invoice_paid");
  Pass(minutes(10));
  EXPECT_EQ(State(other, "email"), "sent delivered");
  EXPECT_EQ(email->TotalArrived(), 1);
}

TEST_F(OutreachTest, ACancellationOfTheSameWordTakesPartInTheDecision) {
  Start(Rule("loop", "", kEmail));
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  const std::string id = output.detections[0].id;
  output.cancellations.push_back({"loop", "acme", now, "invoice_paid"});
  Submit(std::move(output));
  EXPECT_EQ(Decision(id, "email"), "suppress cancelled");
}

TEST_F(OutreachTest, AnEarlierCancellationConcernsNoLaterDetection) {
  Start(Rule("loop", "", "      - email: {template: h, delay: 10m}\n"));
  const std::string id = Fire("loop", "acme");
  ShardOutput output;
  output.cancellations.push_back({"loop", "acme", now - seconds(1), "paid"});
  Submit(std::move(output));
  EXPECT_EQ(State(id, "email"), "held delay");
}

TEST_F(OutreachTest, ACancellationOfOneGroupLeavesTheOthersAlone) {
  Start(Rule("loop", "", "      - email: {template: h, delay: 10m}\n"));
  ShardOutput output;
  std::vector<std::string> ids;
  for (const char* group : {"\"e1\"", "\"e2\""}) {
    output.detections.push_back(Detect("loop", "acme"));
    output.detections.back().group = {{"export_id", group}};
    ids.push_back(output.detections.back().id);
  }
  Submit(std::move(output));
  ASSERT_NE(ids[0], ids[1]);
  ShardOutput finished;
  finished.cancellations.push_back(
      {"loop", "acme", now, "export_finished", {{"export_id", "\"e2\""}}});
  Submit(std::move(finished));
  EXPECT_EQ(State(ids[0], "email"), "held delay");
  EXPECT_EQ(State(ids[1], "email"), "suppressed cancelled");
  Cancel("loop", "acme");
  EXPECT_EQ(State(ids[0], "email"), "suppressed cancelled");
}

TEST_F(OutreachTest, CancellationsAreKnownAfterARestart) {
  Start(Rule("loop", "", "      - email: {template: h, delay: 10m}\n"));
  const std::string id = Fire("loop", "acme");
  Restart();
  Cancel("loop", "acme");
  EXPECT_EQ(State(id, "email"), "suppressed cancelled");
}

TEST_F(OutreachTest, StopAllHoldsUntilItIsLifted) {
  Start(Rule("loop", "", std::string(kTicket) + kEmail) +
        Rule("brief", "expires_after: 1h", kEmail) +
        Rule("later", "", "      - sms: {template: s, delay: 1m}\n"));
  const std::string before = Fire("later", "acme");
  SetStopAll(true);
  Pass(seconds(1));
  EXPECT_TRUE(core->health().stop_all.on);
  const std::string id = Fire("loop", "acme");
  const std::string brief = Fire("brief", "acme");
  EXPECT_EQ(State(id, "ticket"), "held stop_all");
  Pass(hours(2));
  EXPECT_EQ(State(before, "sms"), "held stop_all");
  Restart();
  Pass(seconds(1));
  EXPECT_TRUE(core->health().stop_all.on) << "survives a restart";
  EXPECT_EQ(desk->TotalArrived() + email->TotalArrived(), 0);
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_FALSE(core->health().stop_all.on);
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(State(brief, "email"), "suppressed expired");
  EXPECT_EQ(State(before, "sms"), "sent delivered");
}

TEST_F(OutreachTest, StopAllThrownDuringARoundStopsItsSends) {
  Start(Rule("loop", "", kEmail));
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  const std::string id = output.detections[0].id;
  // Durable is said in the middle of the round, after the switch was polled.
  core->Submit(std::move(output), [this] { SetStopAll(true); });
  Pump();
  EXPECT_EQ(State(id, "email"), "held stop_all");
  EXPECT_EQ(email->deliveries.size(), 0U);
}

TEST_F(OutreachTest, AFloodOfProfilesIsWrittenInSeveralRounds) {
  Start(Rule("loop", "", kEmail));
  int written = 0;
  for (int i = 0; i < 3; ++i) {
    ShardOutput output;
    const std::string customer = "customer-" + std::to_string(i);
    output.profiles.assign(1000, {customer, {}, {{"tier", "\"free\""}}});
    output.cancellations.assign(1000,
                                {"loop", customer, now, "invoice_paid", {}});
    core->Submit(std::move(output), [&] { ++written; });
  }
  for (int round = 1; round <= 3; ++round) {
    core->Pump(now);
    EXPECT_EQ(written, round);
  }
}

TEST_F(OutreachTest, StopAllLiftedWhileNobodyLookedIsSeenAtTheStart) {
  Start(Rule("loop", "", kEmail));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Kill();
  SetStopAll(false);
  Open();
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, ATemplateThatFailsFailsTheDelivery) {
  Start(Rule("loop", "",
             "      - ticket: {template: broken}\n" + std::string(kEmail)));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "failed template_error");
  EXPECT_EQ(Get(id, "ticket").detail, "template broken: no such variable");
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, WithoutTemplatesNothingIsSentAndItSaysSo) {
  settings->templates = nullptr;
  Start(Rule("loop", "", kEmail));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "failed template_error");
  EXPECT_EQ(Get(id, "email").detail, "no templates are loaded");
}

TEST_F(OutreachTest, AMissingChannelHoldsUntilAReloadAddsIt) {
  settings->sms = nullptr;
  settings->desks.clear();
  Start(Rule("loop", "", std::string(kTicket) + kSms));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "sms"), "held channel_missing");
  EXPECT_EQ(State(id, "ticket"), "held channel_missing");
  Pass(hours(1));
  EXPECT_EQ(State(id, "sms"), "held channel_missing");
  settings->sms = sms;
  settings->desks.emplace_back("rt", desk);
  Use();
  EXPECT_EQ(State(id, "sms"), "sent delivered");
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

TEST_F(OutreachTest, AChannelTakenAwayHoldsWhatWaits) {
  Start(Rule("loop", "", "      - sms: {template: s, delay: 1m}\n"));
  const std::string id = Fire("loop", "acme");
  now += minutes(2);
  settings->sms = nullptr;
  Use();
  EXPECT_EQ(State(id, "sms"), "held channel_missing");
}

// What stop-all holds has no time, but a way out all the same.
TEST_F(OutreachTest, WhatStopAllHeldGoesByTheDeskThatCameMeanwhile) {
  settings->desks.clear();
  Start(Rule("loop", "", kTicket));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "held stop_all");
  settings->desks.emplace_back("rt", desk);
  Use();
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

TEST_F(OutreachTest, WhatStopAllHeldSaysThatItsDeskIsGone) {
  Start(Rule("loop", "", kTicket));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  settings->desks.clear();
  Use();
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "held channel_missing");
}

TEST_F(OutreachTest, ANamedDeskIsUsed) {
  auto fix = std::make_shared<FakeChannel>("fix", OnDoubt::kRepeat);
  settings->desks.emplace_back("fix", fix);
  Start(Rule(
      "loop", "",
      "      - ticket: {template: help, desk: fix}\n" + std::string(kTicket)));
  Fire("loop", "acme");
  EXPECT_EQ(fix->TotalArrived(), 1);
  EXPECT_EQ(desk->TotalArrived(), 1);
}

TEST_F(OutreachTest, ProfilesThatEventsGaveAreThereAfterARestart) {
  Start(Rule("loop", "", kEmail));
  ShardOutput output;
  output.profiles.push_back({.customer = "newcomer",
                             .entries = {{"email", "\"n@example.com\""},
                                         {"seats", "12"},
                                         {"tags", "[1,\"a\"]"}}});
  profiles.Merge(output.profiles[0]);
  Submit(std::move(output));
  profiles.Restore("newcomer", {});
  Restart();
  const auto profile = profiles.Get("newcomer");
  EXPECT_EQ(profile->Text("email"), "n@example.com");
  EXPECT_EQ(profile->from_events().at("seats"), "12");
  EXPECT_EQ(profile->from_events().at("tags"), "[1,\"a\"]");
}

TEST_F(OutreachTest, HealthCountsWhatIsNotDone) {
  settings->sms = nullptr;
  Start(Rule("loop", "", std::string(kEmail) + kSms));
  Fire("loop", "acme");
  Pass(minutes(3));
  EXPECT_EQ(core->health().deliveries.at("held"), 1U);
  EXPECT_EQ(core->health().deliveries.count("sent"), 0U);
  EXPECT_EQ(core->health().oldest_pending, now - minutes(3));
}

TEST_F(OutreachTest, OldDetectionsAreForgottenAfterTheRetention) {
  Start(Rule("loop", "", kEmail));
  Fire("loop", "acme");
  Pass(days(399));
  Fire("loop", "acme");
  EXPECT_EQ(Count("detections"), 2);
  Pass(days(2));
  EXPECT_EQ(Count("detections"), 1);
  EXPECT_EQ(Count("deliveries"), 1);
  EXPECT_EQ(Count("attempts"), 1);
  EXPECT_EQ(Count("decisions"), 1);
}

TEST_F(OutreachTest, WhatMayStillGoOutIsNotForgotten) {
  settings->sms = nullptr;
  Start(Rule("loop", "", kSms));
  Fire("loop", "acme");
  Pass(days(500));
  EXPECT_EQ(Count("detections"), 1);
}

}  // namespace
}  // namespace premura
