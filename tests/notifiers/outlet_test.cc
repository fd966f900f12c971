// SPDX-License-Identifier: Apache-2.0
// Ways out: breakers, checks, limits, and what a reload makes of them.

#include <gtest/gtest.h>

#include <algorithm>

#include "notifiers/ruling.h"
#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class OutletTest : public testing::Test, protected OutreachWorld {};

TEST_F(OutletTest, ABreakerLeavesAFailingHostAloneAndTriesOnce) {
  settings->retry.breaker_failures = 3;
  email->Next(std::vector<std::string>(4, "server_error"));
  Start(kDeliveryRules);
  std::string last;
  for (int i = 0; i < 5; ++i) last = Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 3U);
  EXPECT_EQ(observer.channels.back(),
            "email: left alone for a while after failures: the fake says so");
  Pass(seconds(29));
  EXPECT_EQ(email->deliveries.size(), 3U);
  EXPECT_EQ(Get(last, "email").attempts, 0);
  Pass(seconds(1));
  EXPECT_EQ(email->deliveries.size(), 4U) << "one trial, which fails";
  Pass(seconds(30));
  EXPECT_EQ(email->TotalArrived(), 5) << "the trial opens the way";
  EXPECT_EQ(observer.channels.back(), "email ok");
}

TEST_F(OutletTest, AReloadWhileABreakersTrialRunsDoesNotCloseTheHost) {
  settings->retry.breaker_failures = 1;
  email->Next({"server_error", "lost_before"});
  Start(kDeliveryRules);
  Fire("mail", "acme");
  Pass(seconds(30));
  ASSERT_EQ(email->deliveries.size(), 2U) << "the trial runs";
  email = std::make_shared<FakeChannel>("email", OnDoubt::kHold);
  settings->email = email;
  Use();
  EXPECT_EQ(State(Fire("mail", "acme"), "email"), "sent delivered");
}

TEST_F(OutletTest, AReloadTakesOverAChangedBreaker) {
  settings->retry.breaker_failures = 1000;
  Start(kDeliveryRules);
  settings->retry.breaker_failures = 1;
  Use();
  email->Next({"server_error"});
  Fire("mail", "acme");
  Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 1U);
}

TEST_F(OutletTest, WhatIsDueBehindAnOpenBreakerSaysSo) {
  settings->retry.breaker_failures = 1;
  settings->retry.max_concurrent = 1;
  email->Next({"server_error"});
  Start(kDeliveryRules);
  ShardOutput output;
  for (int i = 0; i < 3; ++i) {
    output.detections.push_back(Detect("mail", "acme"));
  }
  const std::string last = output.detections.back().id;
  Submit(std::move(output));
  EXPECT_EQ(State(last, "email"), "held breaker_open");
  Pass(seconds(31));
  EXPECT_EQ(State(last, "email"), "sent delivered");
}

TEST_F(OutletTest, ARefusalOrAThrottleDoesNotOpenTheBreaker) {
  settings->retry.breaker_failures = 2;
  email->Next({"rejected", "throttled", "rejected", "throttled"});
  Start(kDeliveryRules);
  for (int i = 0; i < 5; ++i) Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 5U);
}

TEST_F(OutletTest, ConnectionsThatBreakAfterSendingOpenTheBreaker) {
  settings->retry.breaker_failures = 3;
  email->Next({"unknown_before", "unknown_after", "unknown_before"});
  Start(kDeliveryRules);
  for (int i = 0; i < 5; ++i) Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 3U);
}

TEST_F(OutletTest, AnAddressRefusedHereSaysNothingOfTheHost) {
  settings->retry.breaker_failures = 2;
  settings->retry.max_concurrent = 1;
  email->Next({"server_error", "bad_address", "server_error", "bad_address",
               "server_error"});
  Start(kDeliveryRules);
  for (int i = 0; i < 6; ++i) Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 3U) << "two failures in a row";
  Pass(seconds(30));
  EXPECT_EQ(email->deliveries.size(), 5U) << "the trial and one more trial";
  Pass(seconds(30));
  EXPECT_EQ(email->TotalArrived(), 4) << "the host is not closed for ever";
}

TEST_F(OutletTest, AMisconfiguredChannelIsLeftUntilItsCheckPasses) {
  email->Next({"stop"});
  Start(kDeliveryRules);
  email->check_problem = "password refused";
  const std::string first = Fire("mail", "acme");
  EXPECT_EQ(State(first, "email"), "held misconfigured");
  const std::string second = Fire("mail", "acme");
  EXPECT_EQ(observer.channels.back(), "email: the fake says so");
  Pass(hours(30));
  EXPECT_EQ(email->deliveries.size(), 1U);
  EXPECT_EQ(observer.channels.back(), "email: password refused");
  EXPECT_EQ(Get(first, "email").retries, 0) << "it was not its own failure";
  const auto outlets = Reader()->Outlets();
  ASSERT_TRUE(outlets.ok());
  ASSERT_EQ(outlets.value().size(), 3U);
  EXPECT_EQ(outlets.value()[0].problem, "password refused");
  email->check_problem.clear();
  Pass(seconds(30));
  EXPECT_EQ(State(first, "email"), "sent delivered");
  EXPECT_EQ(State(second, "email"), "sent delivered");
  EXPECT_EQ(observer.channels.back(), "email ok");
}

TEST_F(OutletTest, AChannelThatFailsItsCheckIsNotUsed) {
  desk->check_problem = "no custom field `Premura Key`";
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  EXPECT_EQ(State(id, "ticket"), "pending");
  EXPECT_TRUE(desk->deliveries.empty());
  EXPECT_EQ(observer.channels.back(),
            "ticket:rt: no custom field `Premura Key`");
  Pass(seconds(29));
  EXPECT_EQ(desk->checks, 1);
  const std::size_t told = observer.channels.size();
  Pass(seconds(1));
  EXPECT_EQ(desk->checks, 2);
  EXPECT_EQ(State(id, "ticket"), "held misconfigured");
  EXPECT_EQ(observer.channels.size(), told) << "no news";
  desk->check_problem.clear();
  Pass(seconds(30));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

TEST_F(OutletTest, WhatWaitsSaysWhetherTheOtherSideIsAwayOrWeAreSetUpWrongly) {
  for (const auto& [reason, state] :
       {std::pair(Reason::kUnreachable, "held unreachable"),
        std::pair(Reason::kMisconfigured, "held misconfigured")}) {
    OutreachWorld world;
    world.desk->Next({"stop"});
    world.desk->check_problem = "connection refused";
    world.desk->check_reason = reason;
    world.Start(kDeliveryRules);
    world.SetStopAll(true);
    world.Pass(seconds(1));
    const std::string id = world.Fire("ticket", "acme");
    world.SetStopAll(false);
    world.Pass(seconds(1));
    world.Use();
    EXPECT_EQ(world.State(id, "ticket"), state);
  }
}

// Nobody is woken, and no customer explained, by what is no more.
TEST_F(OutletTest, AChannelThatIsTakenAwayLeavesNoComplaint) {
  desk->check_problem = "no such host";
  Start(kDeliveryRules);
  const auto names = [this] {
    std::string all;
    const auto outlets = Reader()->Outlets();
    for (const OutletRecord& one : outlets.value()) all += one.name + " ";
    return all;
  };
  EXPECT_EQ(names(), "email sms ticket:rt ");
  settings->desks.clear();
  settings->desks.emplace_back(
      "new", std::make_shared<FakeChannel>("other", OnDoubt::kAsk));
  Use();
  EXPECT_EQ(names(), "email sms ticket:new ");
  EXPECT_EQ(std::count(observer.channels.begin(), observer.channels.end(),
                       "ticket:rt gone"),
            1);
  // One that is back is one like any other.
  settings->desks.emplace_back("rt", desk);
  Use();
  EXPECT_EQ(names(), "email sms ticket:new ticket:rt ");
}

TEST_F(OutletTest, AReloadChecksAgain) {
  Start(kDeliveryRules);
  EXPECT_EQ(desk->checks, 1);
  Use();
  EXPECT_EQ(desk->checks, 2);
}

TEST_F(OutletTest, ARateLimitSpreadsCalls) {
  settings->email_limit = {2, seconds(10)};
  Start(kDeliveryRules);
  for (int i = 0; i < 5; ++i) Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 2U);
  Pass(seconds(5));
  EXPECT_EQ(email->deliveries.size(), 3U);
  Pass(seconds(10));
  EXPECT_EQ(email->deliveries.size(), 5U);
}

TEST_F(OutletTest, CallsAtTheSameTimeAreBounded) {
  settings->retry.max_concurrent = 3;
  email->Next(std::vector<std::string>(5, "lost_before"));
  Start(kDeliveryRules);
  for (int i = 0; i < 5; ++i) Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 3U);
  EXPECT_FALSE(core->idle());
}

TEST_F(OutletTest, CallsOfAChannelThatWentAndCameBackAreCounted) {
  settings->retry.max_concurrent = 1;
  email->Next({"lost_before"});
  Start(kDeliveryRules);
  Fire("mail", "acme");
  settings->email = nullptr;
  Use();
  settings->email = email;
  Use();
  Fire("mail", "acme");
  EXPECT_EQ(email->deliveries.size(), 1U) << "the first still runs";
  Pass(minutes(10));  // It is given up.
  EXPECT_EQ(email->deliveries.size(), 2U);
}

TEST_F(OutletTest, AnAnswerOfAChannelThatWasReplacedStillCounts) {
  Start(kDeliveryRules);
  settings->email = std::make_shared<FakeChannel>("other", OnDoubt::kHold);
  Use();
  EXPECT_EQ(State(Fire("mail", "acme"), "email"), "sent delivered");
  EXPECT_TRUE(email->deliveries.empty());
}

TEST_F(OutletTest, WhatIsFoundBeforeAChannelIsAddedNeverGoes) {
  settings->sms = nullptr;
  settings->desks.clear();
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kSmsAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(Decision(id, "sms"), "suppress channel_missing");
  EXPECT_EQ(Decision(id, "ticket"), "suppress channel_missing");
  settings->sms = sms;
  settings->desks.emplace_back("rt", desk);
  Use();
  EXPECT_EQ(Count("deliveries"), 0);
  EXPECT_EQ(Decision(Fire("loop", "acme"), "sms"), "send");
}

TEST_F(OutletTest, AChannelTakenAwayHoldsWhatWaitsUntilItIsBack) {
  Start(RuleYaml("loop", "", "      - sms: {template: s, delay: 1m}\n"));
  const std::string id = Fire("loop", "acme");
  now += minutes(2);
  settings->sms = nullptr;
  Use();
  EXPECT_EQ(State(id, "sms"), "held channel_missing");
  Pass(hours(1));
  settings->sms = sms;
  Use();
  EXPECT_EQ(State(id, "sms"), "sent delivered");
}

TEST_F(OutletTest, WhatComesDueOfAChannelTakenAwaySaysSo) {
  Start(RuleYaml("loop", "", "      - sms: {template: s, delay: 10m}\n"));
  const std::string id = Fire("loop", "acme");
  settings->sms = nullptr;
  Use();
  EXPECT_EQ(State(id, "sms"), "held delay");
  Pass(minutes(10));
  Pass(seconds(30));
  EXPECT_EQ(State(id, "sms"), "held channel_missing");
}

// Of what waits for other reasons nothing is asked again meanwhile.
TEST_F(OutletTest, AChannelTakenAwayDisturbsNoOther) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(RuleYaml("loop", "",
                 "      - sms: {template: s, delay: 1m}\n"
                 "      - email: {template: help}\n"));
  const std::string id = Fire("loop", "acme");
  ASSERT_EQ(State(id, "email"), "held timezone_missing");
  settings->sms = nullptr;
  Use();
  Pass(minutes(2));
  const std::size_t told = observer.delivered.size();
  for (int i = 0; i < 10; ++i) Pass(seconds(31));
  EXPECT_EQ(observer.delivered.size(), told);
}

// Nor is it in doubt for good: a person can say what became of it.
TEST_F(OutletTest, DoubtOfAChannelTakenAwayCanBeSettled) {
  sms->Next({"unknown_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  ASSERT_EQ(State(id, "sms"), "unknown unknown_outcome");
  settings->sms = nullptr;
  Use();
  Pass(minutes(1));
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite).value();
  EXPECT_TRUE(SayOf(ledger.get(), {Get(id, "sms").key}, RulingWord::kDropped,
                    "anna", now)
                  .ok());
  EXPECT_EQ(State(id, "sms"), "suppressed dropped");
}

TEST_F(OutletTest, AClockPutBackMakesNoOutletWait) {
  settings->retry.breaker_failures = 1;
  email->Next({"server_error"});
  sms->Next({"stop"});
  Start(kDeliveryRules);
  Fire("mail", "acme");
  Fire("sms", "acme");
  now -= hours(1);
  Pass(seconds(1));
  const std::string mail = Fire("mail", "acme");
  const std::string sms_too = Fire("sms", "acme");
  Pass(seconds(1));
  EXPECT_EQ(State(mail, "email"), "sent delivered");
  EXPECT_EQ(State(sms_too, "sms"), "sent delivered");
}

TEST_F(OutletTest, ANamedDeskIsUsed) {
  auto fix = std::make_shared<FakeChannel>("fix", OnDoubt::kRepeat);
  settings->desks.emplace_back("fix", fix);
  Start(RuleYaml("loop", "",
                 "      - ticket: {template: help, desk: fix}\n" +
                     std::string(kTicketAction)));
  Fire("loop", "acme");
  EXPECT_EQ(fix->TotalArrived(), 1);
  EXPECT_EQ(desk->TotalArrived(), 1);
}

}  // namespace
}  // namespace premura
