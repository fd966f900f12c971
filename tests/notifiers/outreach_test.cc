// SPDX-License-Identifier: Apache-2.0
// Deciding and delivering, without faults of the ledger or of the process.

#include "notifiers/outreach.h"

#include <gtest/gtest.h>

#include "notifiers/digest.h"
#include "notifiers/left_to_others.h"
#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class OutreachTest : public testing::Test, protected OutreachWorld {};

TEST_F(OutreachTest, CallsAndWhatIsToBeWrittenTakeTurns) {
  Start(RuleYaml("loop", "", kEmailAction));
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
  Start(RuleYaml("loop", "frequency_cap: {ticket: 2/7d, email: 1/7d}",
                 std::string(kTicketAction) + kEmailAction));
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
  Start(RuleYaml("loop", "",
                 std::string(kTicketAction) + kEmailAction + kSmsAction));
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
  Start(RuleYaml("loop", "",
                 std::string(kTicketAction) + kEmailAction + kSmsAction +
                     "      - sms: {template: s, only_if: {tier: gold}}\n"));
  Fire("loop", "acme");
  ASSERT_EQ(desk->deliveries.size(), 1U);
  EXPECT_EQ(desk->deliveries[0].text,
            "ticket help for Marta; email not sent: no consent; "
            "sms not sent: no address");
}

TEST_F(OutreachTest, AMailSpeaksTheCustomersLanguageATicketTheTeams) {
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  Know("ann", {{"locale", "\"it\""}, {"email", "\"ann@example.com\""}});
  Fire("loop", "ann");
  ASSERT_EQ(desk->deliveries.size(), 1U);
  EXPECT_EQ(desk->deliveries[0].locale, "en");
  ASSERT_EQ(email->deliveries.size(), 1U);
  EXPECT_EQ(email->deliveries[0].locale, "it");
}

TEST_F(OutreachTest, TheSameDetectionAgainChangesNothing) {
  Start(RuleYaml("loop", "", kEmailAction));
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
  Start(RuleYaml("loop", "status: simulation",
                 std::string(kTicketAction) + kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(Decision(id, "ticket"), "suppress simulation");
  EXPECT_EQ(Decision(id, "email"), "suppress simulation");
  EXPECT_EQ(Count("deliveries"), 0);
  EXPECT_EQ(observer.decided[0].verdict.detail, "would be sent");
}

// As it would if it were live; live rules do not see what did not happen.
TEST_F(OutreachTest, ARuleOnTrialIsBoundByWhatItWouldHaveSent) {
  settings->restraint.frequency_cap["email"] = {2, days(7)};
  Start(RuleYaml("loop", "status: simulation\n    cooldown: 1d",
                 std::string(kTicketAction) + kEmailAction) +
        RuleYaml("like", "status: simulation", kEmailAction) +
        RuleYaml("live", "", kEmailAction));
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
  Start(RuleYaml("loop", "status: simulation", kEmailAction));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
}

// A flood is stopped by stop-all, its rule mended, and stop-all lifted.
TEST_F(OutreachTest, WhatWaitsGoesOnlyWhileItsRuleIsLive) {
  struct Row {
    std::string rule_now;
    std::string state;
  };
  for (const auto& [rule_now, state] : std::vector<Row>{
           {RuleYaml("loop", "", kEmailAction), "sent delivered"},
           {RuleYaml("loop", "status: simulation", kEmailAction),
            "suppressed simulation"},
           {RuleYaml("loop", "status: disabled", kEmailAction),
            "suppressed rule_disabled"},
           {RuleYaml("other", "", kEmailAction), "suppressed rule_gone"}}) {
    if (core) SetStopAll(true);
    Start(RuleYaml("loop", "", kEmailAction));
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
  Start(
      RuleYaml("loop", "",
               "      - sms: {template: s, only_if: {tier: professional}}\n"));
  EXPECT_EQ(Decision(Fire("loop", "acme"), "sms"), "suppress only_if");
  EXPECT_EQ(observer.decided.back().verdict.detail, "tier is not known");
  Know("pro", {{"tier", "\"professional\""}, {"phone", "\"+393331234567\""}});
  EXPECT_EQ(Decision(Fire("loop", "pro"), "sms"), "send");
}

TEST_F(OutreachTest, ACancellationTakesBackWhatHasNotBeenSent) {
  const std::string delayed = "      - email: {template: h, delay: 10m}\n";
  Start(RuleYaml("loop", "", kTicketAction + delayed) +
        RuleYaml("other", "", delayed));
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
  Start(RuleYaml("loop", "", kEmailAction));
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  const std::string id = output.detections[0].id;
  output.Add({"loop", "acme", now, "invoice_paid"});
  Submit(std::move(output));
  EXPECT_EQ(Decision(id, "email"), "suppress cancelled");
}

TEST_F(OutreachTest, AnEarlierCancellationConcernsNoLaterDetection) {
  Start(RuleYaml("loop", "", "      - email: {template: h, delay: 10m}\n"));
  const std::string id = Fire("loop", "acme");
  ShardOutput output;
  output.Add({"loop", "acme", now - seconds(1), "paid"});
  Submit(std::move(output));
  EXPECT_EQ(State(id, "email"), "held delay");
}

// However the stream was cut: what a late event completes is news.
TEST_F(OutreachTest, ACancellationTakesBackNothingThatWasFoundAfterIt) {
  for (const bool together : {true, false}) {
    OutreachWorld world;
    world.Start(
        RuleYaml("loop", "", "      - email: {template: h, delay: 10m}\n"));
    ShardOutput output;
    output.Add({"loop", "acme", world.now, "paid"});
    if (!together) world.Submit(std::exchange(output, {}));
    output.detections.push_back(world.Detect("loop", "acme"));
    const std::string id = output.detections[0].id;
    world.Submit(std::move(output));
    EXPECT_EQ(world.State(id, "email"), "held delay") << together;
  }
}

TEST_F(OutreachTest, ACancellationOfOneGroupLeavesTheOthersAlone) {
  Start(RuleYaml("loop", "", "      - email: {template: h, delay: 10m}\n"));
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
  finished.Add(
      {"loop", "acme", now, "export_finished", {{"export_id", "\"e2\""}}});
  Submit(std::move(finished));
  EXPECT_EQ(State(ids[0], "email"), "held delay");
  EXPECT_EQ(State(ids[1], "email"), "suppressed cancelled");
  Cancel("loop", "acme");
  EXPECT_EQ(State(ids[0], "email"), "suppressed cancelled");
}

TEST_F(OutreachTest, CancellationsAreKnownAfterARestart) {
  Start(RuleYaml("loop", "", "      - email: {template: h, delay: 10m}\n"));
  const std::string id = Fire("loop", "acme");
  Restart();
  Cancel("loop", "acme");
  EXPECT_EQ(State(id, "email"), "suppressed cancelled");
}

TEST_F(OutreachTest, WhatTakesItBackMayComeWithNewRules) {
  const std::string kRule =
      "  - id: loop\n    title: Keeps coming back\n"
      "    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}\n"
      "    actions: [{email: {template: h, delay: 10m}}]\n";
  Start(kRule);
  const std::string id = Fire("loop", "acme");
  ASSERT_EQ(State(id, "email"), "held delay");
  LoadRules(kRule + "    cancel_on: [{event: invoice_paid}]\n");
  settings->rules = rules;
  Use();
  Cancel("loop", "acme");
  EXPECT_EQ(State(id, "email"), "suppressed cancelled");
}

TEST_F(OutreachTest, AFloodOfProfilesIsWrittenInSeveralRounds) {
  Start(RuleYaml("loop", "", kEmailAction));
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

TEST_F(OutreachTest, ATemplateThatFailsHoldsTheDelivery) {
  Start(RuleYaml(
      "loop", "",
      "      - ticket: {template: broken}\n" + std::string(kEmailAction)));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "held template_error");
  EXPECT_EQ(Get(id, "ticket").detail, "template broken: no such variable");
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, WithoutTemplatesNothingIsSentAndItSaysSo) {
  settings->templates = nullptr;
  Start(RuleYaml("loop", "", kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "held template_error");
  EXPECT_EQ(Get(id, "email").detail, "no templates are loaded");
  settings->templates = std::make_shared<FakeTemplates>();
  core->Use(settings, now);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(OutreachTest, ProfilesThatEventsGaveAreThereAfterARestart) {
  Start(RuleYaml("loop", "", kEmailAction));
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
  EXPECT_EQ(profile->from_events().at("seats").json, "12");
  EXPECT_EQ(profile->from_events().at("tags").json, "[1,\"a\"]");
}

// What events said since is not taken back, not even for a moment; what shards
// go by, meanwhile, is what they knew then.
TEST_F(OutreachTest, ReadAgainAConsentGivenBeforeItWasWithdrawnPermitsNothing) {
  Start(RuleYaml("loop", "", kEmailAction));
  const auto say = [&](const char* word, Timestamp at) {
    ShardOutput output;
    output.profiles.push_back(
        {"acme", at, {{"consent.email", word}, {"tier", word}}});
    profiles.Merge(output.profiles[0]);
    Submit(std::move(output));
  };
  const Timestamp given = now - minutes(2);
  say("true", given);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
  say("false", now - minutes(1));
  Kill();
  profiles.Restore("acme", {{"email", {"\"acme@example.com\""}}});
  Open();
  profiles.Restore("acme", {{"email", {"\"acme@example.com\""}}});
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress no_consent");
  say("true", given);
  EXPECT_EQ(profiles.Get("acme")->Text("tier"), "true") << "as it was then";
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "suppress no_consent");
  say("true", now);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "email"), "send");
}

TEST_F(OutreachTest, HealthCountsWhatIsNotDone) {
  Start(RuleYaml(
      "loop", "",
      std::string(kEmailAction) + "      - sms: {template: s, delay: 1s}\n"));
  Fire("loop", "acme");
  settings->sms = nullptr;
  now += seconds(1);
  Use();
  Pass(minutes(3));
  EXPECT_EQ(core->health().deliveries.at("held"), 1U);
  EXPECT_EQ(core->health().deliveries.count("sent"), 0U);
  EXPECT_EQ(core->health().oldest_pending, now - minutes(3));
}

TEST_F(OutreachTest, OldDetectionsAreForgottenAfterTheRetention) {
  Start(RuleYaml("loop", "", kEmailAction));
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
  Start(RuleYaml("loop", "", "      - sms: {template: s, delay: 1s}\n"));
  Fire("loop", "acme");
  settings->sms = nullptr;
  Use();
  Pass(days(500));
  EXPECT_EQ(Count("detections"), 1);
}

TEST_F(OutreachTest, WhatIsInDoubtIsNotForgotten) {
  email->Next({"unknown_after"});
  Start(RuleYaml("loop", "", kEmailAction));
  Fire("loop", "acme");
  Pass(days(500));
  EXPECT_EQ(Count("detections"), 1);
}

TEST_F(OutreachTest, AContactIsRememberedForTheWholeRetention) {
  Start(RuleYaml("loop", "", "      - email: {template: help, delay: 10d}\n"));
  Fire("loop", "acme");
  Pass(days(10));
  Pass(days(399));
  EXPECT_EQ(Count("detections"), 1);
  Pass(days(2));
  EXPECT_EQ(Count("detections"), 0);
}

}  // namespace
}  // namespace premura
