// SPDX-License-Identifier: Apache-2.0
// What answers, and no answers, of channels make of deliveries.

#include <gtest/gtest.h>

#include "notifiers/explain.h"
#include "notifiers/ruling.h"
#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class DeliveryTest : public testing::Test, protected OutreachWorld {
 protected:
  std::vector<Attempt> Attempts(const std::string& detection) {
    const auto ledger = Reader();
    auto explained = Explain(ledger.get(), {"acme", "", 50, {}});
    EXPECT_TRUE(explained.ok());
    for (auto& one : explained.value().cases) {
      if (one.record.detection_id == detection) {
        return std::move(one.actions.at(0).attempts);
      }
    }
    return {};
  }
};

TEST_F(DeliveryTest, ARetryWaitsLongerEachTimeAndRepeatsTheSameBytes) {
  email->Next({"retry", "retry", "retry"});
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "retry unreachable");
  Duration last{};
  for (int i = 0; i < 3; ++i) {
    const Delivery delivery = Get(id, "email");
    const Duration wait = *delivery.due_at - now;
    EXPECT_GT(wait, last);
    EXPECT_GE(wait, seconds(5) * (1 << i));
    EXPECT_LE(wait, seconds(5) * (1 << i) * 3 / 2);
    last = wait;
    Pass(wait - milliseconds(1));
    EXPECT_EQ(email->deliveries.size(), std::size_t(i) + 1);
    Know("acme", {{"name", "\"New name\""}, {"email", "\"n@example.com\""}});
    Pass(milliseconds(1));
  }
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(ToJson(email->deliveries.front()),
            ToJson(email->deliveries.back()));
  const auto attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 4U);
  EXPECT_EQ(attempts[0].verdict, "retry");
  EXPECT_EQ(attempts[0].reason, Reason::kUnreachable);
  EXPECT_EQ(attempts[3].verdict, "delivered");
  EXPECT_EQ(attempts[3].number, 4);
  EXPECT_EQ(attempts[3].ended, now);
}

TEST_F(DeliveryTest, WhatTheOtherSideAsksForIsObeyedWithinAnHour) {
  email->Next({"throttled", "throttled"});
  email->retry_after = minutes(20);
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "retry throttled");
  EXPECT_EQ(*Get(id, "email").due_at - now, minutes(20));
  email->retry_after = hours(20);
  Pass(minutes(20));
  EXPECT_EQ(*Get(id, "email").due_at - now, hours(1));
}

TEST_F(DeliveryTest, RetriesEnd) {
  settings->retry.give_up_after = minutes(1);
  settings->retry.breaker_failures = 1000;
  email->Next(std::vector<std::string>(20, "retry"));
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  for (int i = 0; i < 20; ++i) Pass(seconds(30));
  EXPECT_EQ(State(id, "email"), "failed attempts_exhausted");
  EXPECT_EQ(Get(id, "email").detail, "last: unreachable: the fake says so");
}

TEST_F(DeliveryTest, ARefusalIsFinal) {
  email->Next({"rejected"});
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "failed refused");
  Pass(hours(30));
  EXPECT_EQ(email->deliveries.size(), 1U);
}

TEST_F(DeliveryTest, DoubtWithoutAWayToAskStaysUnknown) {
  email->Next({"unknown_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "unknown unknown_outcome");
  Pass(hours(30));
  Restart();
  Pass(hours(30));
  EXPECT_EQ(State(id, "email"), "unknown unknown_outcome");
  EXPECT_EQ(email->deliveries.size(), 1U);
}

TEST_F(DeliveryTest, DoubtIsRepeatedWhereTheOtherSideKnowsKeys) {
  sms->Next({"unknown_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  EXPECT_EQ(State(id, "sms"), "unknown unknown_outcome");
  Pass(seconds(10));
  EXPECT_EQ(State(id, "sms"), "sent delivered");
  EXPECT_EQ(sms->deliveries.size(), 2U);
  EXPECT_EQ(sms->TotalArrived(), 1);
}

TEST_F(DeliveryTest, NoRefusalOfARepeatEndsDoubt) {
  const struct {
    const char* answer;
    const char* state;
    bool again;
  } cases[] = {
      {"rejected", "unknown refused", false},
      {"retry", "unknown unreachable", true},
      {"stop", "unknown misconfigured", true},
  };
  Start(kDeliveryRules);
  for (const auto& test : cases) {
    Know(test.answer, {{"phone", "\"+39 333 1234567\""}});
    sms->Next({"unknown_after", test.answer});
    const std::string id = Fire("sms", test.answer);
    Pass(seconds(10));
    EXPECT_EQ(State(id, "sms"), test.state);
    EXPECT_EQ(Get(id, "sms").due_at.has_value(), test.again) << test.answer;
    const auto ledger = Reader();
    EXPECT_EQ(Outbox(ledger->database())
                  .Contacts(test.answer, ContactScope::kOutside, {})
                  .value()
                  .size(),
              1U)
        << test.answer;
    Pass(hours(1));
    EXPECT_EQ(State(id, "sms"), test.again ? "sent delivered" : test.state);
  }
}

// A firewall before a webhook, say, that dislikes the words of one message.
TEST_F(DeliveryTest, OneThatIsAlwaysRefusedHoldsNoOtherForLongerThanACheck) {
  settings->retry.max_concurrent = 1;
  email->refused = {"script"};
  Start(kDeliveryRules);
  Know("script", {{"email", "\"s@example.com\""}});
  const std::string refused = Fire("mail", "script");
  for (int i = 0; i < 120; ++i) {
    const std::string id = Fire("mail", "acme");
    Pass(seconds(30));
    ASSERT_EQ(State(id, "email"), "sent delivered") << i;
  }
  EXPECT_EQ(State(refused, "email"), "held misconfigured");
  EXPECT_EQ(email->TotalArrived(), 120);
  const int attempts = Get(refused, "email").attempts;
  EXPECT_GE(attempts, 5) << "it is tried again";
  EXPECT_LE(attempts, 8) << "less and less";
}

TEST_F(DeliveryTest, OneThatIsAlwaysRefusedWaitsForAPersonInTheEnd) {
  email->refused = {"script"};
  Start(kDeliveryRules);
  Know("script", {{"email", "\"s@example.com\""}});
  const std::string id = Fire("mail", "script");
  for (int i = 0; i < 23; ++i) Pass(hours(1));
  EXPECT_FALSE(NeedsPerson(Get(id, "email")));
  for (int i = 0; i < 3; ++i) Pass(hours(1));
  EXPECT_EQ(State(id, "email"), "held misconfigured");
  EXPECT_EQ(Get(id, "email").detail, "the fake says so");
  ASSERT_TRUE(NeedsPerson(Get(id, "email")));
  const std::size_t calls = email->deliveries.size();
  Pass(hours(1));
  EXPECT_EQ(email->deliveries.size(), calls);
  email->refused.clear();
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite).value();
  ASSERT_TRUE(SayOf(ledger.get(), {Get(id, "email").key}, RulingWord::kReleased,
                    "anna", now)
                  .ok());
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(DeliveryTest, DoubtThatIsAlwaysRefusedWaitsForAPersonInTheEnd) {
  sms->Next({"unknown_before"});
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  sms->refused = {"acme"};
  for (int i = 0; i < 23; ++i) Pass(hours(1));
  EXPECT_FALSE(NeedsPerson(Get(id, "sms")));
  for (int i = 0; i < 3; ++i) Pass(hours(1));
  EXPECT_EQ(State(id, "sms"), "unknown misconfigured");
  EXPECT_TRUE(NeedsPerson(Get(id, "sms")));
}

TEST_F(DeliveryTest, AWrongPasswordLosesNothingHoweverLongItLasts) {
  settings->retry.max_concurrent = 2;
  settings->retry.breaker_failures = 1000;
  email->Next({"stop", "stop"});
  Start(kDeliveryRules);
  ShardOutput output;
  for (int i = 0; i < 2; ++i) {
    output.detections.push_back(Detect("mail", "acme"));
  }
  std::vector<std::string> all = {output.detections[0].id,
                                  output.detections[1].id};
  Submit(std::move(output));
  ASSERT_EQ(email->deliveries.size(), 2U) << "both met it";
  email->check_problem = "password refused";
  for (int i = 0; i < 60; ++i) {
    all.push_back(Fire("mail", "acme"));
    Pass(minutes(30));
  }
  EXPECT_EQ(email->deliveries.size(), 2U);
  for (const std::string& id : all) {
    ASSERT_EQ(State(id, "email"), "held misconfigured");
  }
  email->check_problem.clear();
  // No failure that came before counts.
  email->Next(std::vector<std::string>(all.size(), "retry"));
  Pass(seconds(30));
  for (const std::string& id : all) {
    EXPECT_EQ(State(id, "email"), "retry unreachable");
  }
  Pass(seconds(30));
  for (const std::string& id : all) {
    EXPECT_EQ(State(id, "email"), "sent delivered");
  }
  EXPECT_EQ(email->TotalArrived(), 62);
}

// Not even if one had been given up meanwhile, or waits for its next turn.
TEST_F(DeliveryTest, ACheckThatFailsExcusesWhatWasRefusedBefore) {
  const struct {
    Reason check;
    int retries;
  } cases[] = {{Reason::kMisconfigured, 0}, {Reason::kUnreachable, 1}};
  for (const auto& test : cases) {
    for (const Duration give_up : {Duration(hours(24)), Duration(seconds(1))}) {
      OutreachWorld world;
      world.settings->retry.give_up_after = give_up;
      world.email->Next({"stop"});
      world.email->check_reason = test.check;
      world.Start(kDeliveryRules);
      world.email->check_problem = "no";
      const std::string id = world.Fire("mail", "acme");
      EXPECT_EQ(world.Get(id, "email").retries, 1);
      world.Pass(seconds(30));
      EXPECT_EQ(world.Get(id, "email").retries, test.retries);
      world.email->check_problem.clear();
      world.Pass(seconds(29));
      EXPECT_EQ(world.email->deliveries.size(), 1U) << "not checked yet";
      world.Pass(seconds(1));
      EXPECT_EQ(world.State(id, "email"),
                test.retries == 0 ? "sent delivered" : "held misconfigured");
    }
  }
}

TEST_F(DeliveryTest, ARepeatInDoubtEndsForAPersonToSee) {
  settings->retry.give_up_after = minutes(1);
  settings->retry.breaker_failures = 1000;
  sms->Next({"unknown_after"});
  sms->Next(std::vector<std::string>(20, "retry"));
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  for (int i = 0; i < 20; ++i) Pass(seconds(30));
  EXPECT_EQ(State(id, "sms"), "unknown attempts_exhausted");
}

TEST_F(DeliveryTest, DoubtIsAskedAboutAfterAQuarantine) {
  desk->Next({"unknown_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  EXPECT_EQ(State(id, "ticket"), "unknown unknown_outcome");
  Pass(seconds(59));
  EXPECT_TRUE(desk->finds.empty());
  Pass(seconds(60));
  EXPECT_EQ(State(id, "ticket"), "sent already_there");
  EXPECT_EQ(Get(id, "ticket").ticket->id, "4711");
  EXPECT_EQ(desk->TotalArrived(), 1);
  EXPECT_EQ(Attempts(id).at(1).what, "find");
}

TEST_F(DeliveryTest, WhatSurelyDidNotArriveIsSentAgain) {
  desk->Next({"unknown_before"});
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  Pass(minutes(2));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(desk->finds.size(), 1U);
  EXPECT_EQ(desk->TotalArrived(), 1);
}

TEST_F(DeliveryTest, ALookUpWithoutAnAnswerIsRepeatedNeverGuessed) {
  desk->Next({"unknown_before"});
  desk->find_fails = true;
  settings->retry.breaker_failures = 1000;
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  for (int i = 0; i < 5; ++i) Pass(minutes(20));
  EXPECT_EQ(State(id, "ticket"), "unknown unreachable");
  EXPECT_GE(desk->finds.size(), 4U);
  EXPECT_EQ(desk->deliveries.size(), 1U);
  desk->find_fails = false;
  Pass(minutes(30));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

TEST_F(DeliveryTest, AskingEndsAndStaysVisible) {
  desk->Next({"unknown_before"});
  desk->find_fails = true;
  settings->retry.give_up_after = hours(1);
  settings->retry.breaker_failures = 1000;
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  for (int i = 0; i < 10; ++i) Pass(minutes(20));
  EXPECT_EQ(State(id, "ticket"), "unknown attempts_exhausted");
  EXPECT_FALSE(Get(id, "ticket").due_at);
}

TEST_F(DeliveryTest, DoubtIsNotRepeatedWhileStopAllIsOn) {
  sms->Next({"unknown_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  SetStopAll(true);
  Pass(seconds(10));
  EXPECT_EQ(State(id, "sms"), "unknown stop_all");
  Pass(hours(1));
  EXPECT_EQ(sms->deliveries.size(), 1U);
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "sms"), "sent delivered");
  EXPECT_EQ(sms->TotalArrived(), 1);
}

// Answers when the test says so.
class LateChannel final : public Channel {
 public:
  OnDoubt on_doubt() const override { return OnDoubt::kAsk; }
  std::string host() const override { return "https://late"; }
  void Deliver(const Message&, Done done) override { delivers.push_back(done); }
  void Find(const Message&, Done done) override { finds.push_back(done); }
  void Check(std::function<void(CheckResult)> done) override { done({}); }
  std::vector<Done> delivers;
  std::vector<Done> finds;
};

class LateDeskTest : public DeliveryTest {
 protected:
  // A ticket of which nobody knows, and that is being looked for.
  std::string FireIntoDoubt() {
    settings->desks = {{"rt", late}};
    Start(kDeliveryRules);
    std::string id = Fire("ticket", "acme");
    late->delivers.at(0)(Outcome());
    Pass(seconds(0));
    Pass(minutes(2));
    EXPECT_EQ(late->finds.size(), 1U);
    return id;
  }

  const std::shared_ptr<LateChannel> late = std::make_shared<LateChannel>();
};

TEST_F(DeliveryTest, ACallWithoutAnAnswerIsInDoubtAfterALongSilence) {
  email->Next({"lost_after"});
  Start(kDeliveryRules);
  const std::string id = Fire("mail", "acme");
  Pass(kSilence - seconds(1));
  EXPECT_EQ(State(id, "email"), "sending");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "unknown timeout");
}

TEST_F(DeliveryTest, AnAnswerThatComesAfterTheQuarantineIsHeard) {
  const auto late = std::make_shared<LateChannel>();
  settings->desks = {{"rt", late}};
  settings->retry.quarantine = seconds(1);
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  ASSERT_EQ(late->delivers.size(), 1U);
  Pass(minutes(3));
  EXPECT_EQ(State(id, "ticket"), "sending");
  Outcome outcome;
  outcome.verdict = Outcome::Verdict::kDelivered;
  outcome.reason = Reason::kDelivered;
  outcome.provider_id = "4711";
  late->delivers[0](outcome);
  Pass(seconds(0));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(Get(id, "ticket").provider_id, "4711");
}

TEST_F(DeliveryTest, NoSecondLookUpBeginsWhileOneRuns) {
  const auto late = std::make_shared<LateChannel>();
  settings->desks = {{"rt", late}};
  settings->retry.quarantine = seconds(1);
  Start(kDeliveryRules);
  Fire("ticket", "acme");
  late->delivers.at(0)(Outcome());
  Pass(seconds(0));
  Pass(seconds(29));
  EXPECT_TRUE(late->finds.empty()) << "it may still be at work there";
  Pass(seconds(20));
  ASSERT_EQ(late->finds.size(), 1U);
  Pass(kSilence - seconds(1));
  EXPECT_EQ(late->finds.size(), 1U);
  Pass(minutes(2));
  Pass(minutes(2));
  EXPECT_EQ(late->finds.size(), 2U) << "the first was given up";
}

TEST_F(LateDeskTest, ALookUpThatIsRefusedStopsTheDeskUntilItWorksAgain) {
  const std::string id = FireIntoDoubt();
  Outcome refused;
  refused.verdict = Outcome::Verdict::kStop;
  refused.reason = Reason::kMisconfigured;
  late->finds[0](refused);
  Pass(seconds(0));
  EXPECT_EQ(State(id, "ticket"), "unknown misconfigured");
  Pass(seconds(59));
  EXPECT_EQ(late->finds.size(), 1U) << "others have their turn before";
  Pass(minutes(2));
  EXPECT_EQ(late->finds.size(), 2U) << "the check has passed";
}

TEST_F(LateDeskTest, WhatWasBeingAskedIsAskedAgainAtOnceAfterARestart) {
  const std::string id = FireIntoDoubt();
  Restart();
  Pass(seconds(0));
  ASSERT_EQ(late->finds.size(), 2U);
  const auto attempts = Attempts(id);
  ASSERT_EQ(attempts.size(), 3U);
  EXPECT_EQ(attempts[1].what, "find");
  EXPECT_EQ(attempts[1].reason, Reason::kRestarted);
  EXPECT_TRUE(attempts[1].ended);
}

TEST_F(DeliveryTest, WhatWasBeingSentIsUnknownAfterARestart) {
  email->Next({"lost_after"});
  desk->Next({"lost_after"});
  sms->Next({"lost_before"});
  Start(kDeliveryRules);
  const std::string mail = Fire("mail", "acme");
  const std::string ticket = Fire("ticket", "acme");
  const std::string text = Fire("sms", "acme");
  Restart();
  EXPECT_EQ(State(mail, "email"), "unknown restarted");
  EXPECT_EQ(State(ticket, "ticket"), "unknown restarted");
  EXPECT_EQ(Attempts(mail).at(0).reason, Reason::kRestarted);
  Pass(minutes(2));
  EXPECT_EQ(State(mail, "email"), "unknown restarted");
  EXPECT_FALSE(Get(mail, "email").due_at);
  EXPECT_EQ(State(ticket, "ticket"), "sent already_there");
  EXPECT_EQ(State(text, "sms"), "sent delivered");
  EXPECT_EQ(email->TotalArrived(), 1);
  EXPECT_EQ(desk->TotalArrived(), 1);
  EXPECT_EQ(sms->TotalArrived(), 1);
}

Outcome Answer(Outcome::Verdict verdict, Reason reason) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = reason;
  return outcome;
}

TEST_F(DeliveryTest, ACancellationWhileACallRunsForbidsItsRepeat) {
  const auto late = std::make_shared<LateChannel>();
  settings->desks = {{"rt", late}};
  Start(kDeliveryRules);
  const std::string id = Fire("ticket", "acme");
  Cancel("ticket", "acme");
  EXPECT_EQ(State(id, "ticket"), "sending");
  late->delivers.at(0)(Answer(Outcome::Verdict::kRetry, Reason::kServerError));
  Pass(seconds(0));
  Pass(minutes(1));
  EXPECT_EQ(State(id, "ticket"), "suppressed cancelled");
  EXPECT_EQ(Get(id, "ticket").detail, "invoice_paid");
  EXPECT_EQ(late->delivers.size(), 1U);
}

TEST_F(DeliveryTest, ACancellationInDoubtIsKeptOverARestartAndAsksFirst) {
  desk->Next({"unknown_before", "delivered", "unknown_after"});
  Start(kDeliveryRules);
  const std::string lost = Fire("ticket", "acme");
  Restart();
  Cancel("ticket", "acme");
  Fire("ticket", "other");
  now += seconds(1);
  const std::string there = Fire("ticket", "acme");
  Cancel("ticket", "acme");
  EXPECT_EQ(State(there, "ticket"), "unknown unknown_outcome");
  Pass(minutes(2));
  EXPECT_EQ(State(lost, "ticket"), "suppressed cancelled");
  EXPECT_EQ(State(there, "ticket"), "sent already_there");
  EXPECT_EQ(desk->deliveries.size(), 3U);
}

TEST_F(DeliveryTest, ACancelledOneInDoubtIsNotRepeatedWhereKeysAreKnown) {
  sms->Next({"unknown_before"});
  Start(kDeliveryRules);
  const std::string id = Fire("sms", "acme");
  Cancel("sms", "acme");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "sms"), "unknown cancelled");
  EXPECT_EQ(sms->deliveries.size(), 1U);
}

TEST_F(DeliveryTest, ACancellationOfAnotherGroupForbidsNoRepeat) {
  const auto late = std::make_shared<LateChannel>();
  settings->desks = {{"rt", late}};
  Start(kDeliveryRules);
  ShardOutput output;
  output.detections.push_back(Detect("ticket", "acme"));
  output.detections.back().group = {{"export_id", "\"e1\""}};
  Submit(std::move(output));
  ShardOutput other;
  other.Add({"ticket", "acme", now, "paid", {{"export_id", "\"e2\""}}});
  Submit(std::move(other));
  late->delivers.at(0)(Answer(Outcome::Verdict::kRetry, Reason::kServerError));
  Pass(seconds(0));
  Pass(minutes(1));
  EXPECT_EQ(late->delivers.size(), 2U);
}

}  // namespace
}  // namespace premura
