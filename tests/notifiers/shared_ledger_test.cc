// SPDX-License-Identifier: Apache-2.0
// Several instances on one ledger: nothing is sent twice, caps and cooldowns
// hold across them, and one that is gone leaves nothing behind.

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "notifiers/forwarding_database.h"
#include "notifiers/lease.h"
#include "notifiers/left_to_others.h"
#include "notifiers/ruling.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kRules[] = R"(
  - id: ticket
    title: Ticket
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{ticket: {template: help}}]
  - id: mail
    title: Mail
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cancel_on: [{event: invoice_paid}]
    actions: [{email: {template: help}}]
  - id: rare
    title: Rare
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cooldown: 7d
    actions: [{ticket: {template: help}}]
)";

// The commit of the first call is lost, undone, and so is the connection, until
// `away` is false again.
class LostCommitDatabase final : public ForwardingDatabase {
 public:
  LostCommitDatabase(std::unique_ptr<Database> base, bool* away)
      : ForwardingDatabase(std::move(base)), away_(away) {}
  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (*away_) return Error{"away"};
    begun_ = begun_ || sql.starts_with("insert into attempts");
    return base()->Run(sql, values, row);
  }
  Status Begin() override {
    return *away_ ? Status(Error{"away"}) : base()->Begin();
  }
  Status Commit() override {
    if (*away_) return Error{"away"};
    if (!begun_ || std::exchange(lost_, true)) return base()->Commit();
    *away_ = true;
    base()->Rollback();
    return Error{"the connection was lost"};
  }

 private:
  bool* const away_;
  bool begun_ = false;
  bool lost_ = false;
};

class SharedLedgerTest : public testing::Test {
 protected:
  SharedLedgerTest() { b.Share(a, "second"); }

  void StartBoth() {
    a.Start(kRules);
    b.Start(kRules);
  }
  void PassBoth(Duration duration) {
    a.Pass(duration);
    b.Pass(duration);
  }
  // As a daemon does: the rules in force are known while it sends, too.
  static void StartWith(OutreachWorld* world, const std::string& rules) {
    world->LoadRules(rules);
    world->settings->rules = world->rules;
    world->Open();
  }
  // Beat by beat, as time passes for one that runs.
  static void PassInBeats(OutreachWorld* world, Duration duration) {
    for (Duration passed{}; passed < duration; passed += kTerm.beat()) {
      world->Pass(kTerm.beat());
    }
  }
  static constexpr LeaseTerm kTerm{};
  std::string State(const std::string& id, const std::string& channel) {
    return a.State(id, channel);
  }

  OutreachWorld a, b;
};

TEST_F(SharedLedgerTest, WhatOneIsSendingTheOtherLeavesAloneAlsoAtItsStart) {
  a.email->Next({"lost_after"});
  a.Start(kRules);
  const std::string id = a.Fire("mail", "acme");
  b.Start(kRules);
  EXPECT_EQ(State(id, "email"), "sending");
  for (int i = 0; i < 60; ++i) PassBoth(seconds(5));
  EXPECT_EQ(State(id, "email"), "sending");
  EXPECT_TRUE(b.email->deliveries.empty());
  // The first again: it knows that it is no longer at it.
  a.Restart();
  EXPECT_EQ(State(id, "email"), "unknown restarted");
}

TEST_F(SharedLedgerTest, WhatOneThatIsGoneWasSendingIsInDoubtAndAskedFor) {
  a.desk->Next({"lost_after"});
  a.Start(kRules);
  b.Start(kRules);
  const std::string id = a.Fire("ticket", "acme");
  b.desk = a.desk;  // The same desk.
  b.settings->desks[0].second = a.desk;
  b.Use();
  a.Kill();
  Duration waited{};
  while (State(id, "ticket") == "sending" && waited < minutes(20)) {
    b.Pass(seconds(1));
    waited += seconds(1);
  }
  EXPECT_GE(waited, kTerm.whole);
  EXPECT_LE(waited, kTerm.whole + kTerm.beat() * 2);
  EXPECT_EQ(State(id, "ticket"), "unknown restarted");
  EXPECT_TRUE(a.desk->finds.empty());
  b.Pass(minutes(2));
  EXPECT_EQ(State(id, "ticket"), "sent already_there");
  EXPECT_EQ(a.desk->TotalArrived(), 1);
  EXPECT_EQ(b.Count("instances"), 1);
}

TEST_F(SharedLedgerTest, WhatWaitsGoesByWhoeverIsThere) {
  a.desk->check_problem = "no way out here";
  StartBoth();
  const std::string id = a.Fire("ticket", "acme");
  a.Kill();
  b.Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(b.desk->TotalArrived(), 1);
}

// It may have been stopped in the middle of its transaction.
TEST_F(SharedLedgerTest, WhatAnotherHasInHandIsNotLookedForWithoutAPause) {
  a.desk->check_problem = "no way out here";
  a.Start(kRules);
  const std::string id = a.Fire("ticket", "acme");
  auto other = Ledger::Open(a.address(), Ledger::Access::kWrite);
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE(other.value()->Begin().ok());
  const auto taken =
      Outbox(other.value()->database()).Due("ticket:rt", a.now, 10);
  ASSERT_TRUE(taken.ok());
  ASSERT_EQ(taken.value().size(), 1U);
  a.desk->check_problem.clear();
  a.Use();  // Fails if it does not come to rest.
  EXPECT_TRUE(a.desk->deliveries.empty());
  other.value()->Rollback();
  a.Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

// The ledger's commit takes as long as the test says, while the machine's
// clock goes on.
class SleepyDatabase final : public ForwardingDatabase {
 public:
  SleepyDatabase(std::unique_ptr<Database> base, const bool* sleeps,
                 Duration* asleep)
      : ForwardingDatabase(std::move(base)), sleeps_(sleeps), asleep_(asleep) {}
  Status Commit() override {
    if (*sleeps_) *asleep_ += LeaseTerm().held();
    return base()->Commit();
  }

 private:
  const bool* sleeps_;
  Duration* asleep_;
};

TEST_F(SharedLedgerTest, WhoseLeaseHasPassedBeginsNoCall) {
  bool sleeps = false;
  a.wrap = [&](std::unique_ptr<Database> base) {
    return std::make_unique<SleepyDatabase>(std::move(base), &sleeps,
                                            &a.asleep);
  };
  a.Start(kRules);
  sleeps = true;
  const std::string id = a.Fire("mail", "acme");
  EXPECT_TRUE(a.email->deliveries.empty());
  sleeps = false;
  a.Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered") << "put back and sent";
  EXPECT_EQ(a.email->deliveries.size(), 1U);
}

TEST_F(SharedLedgerTest, AnAnswerThatComesAfterATakeOverIsHeardIfItIsNews) {
  struct Slow final : Channel {
    OnDoubt on_doubt() const override { return OnDoubt::kHold; }
    std::string host() const override { return "slow"; }
    void Deliver(const Message&, Done done) override { waiting = done; }
    void Check(std::function<void(CheckResult)> done) override { done({}); }
    Done waiting;
  };
  auto slow = std::make_shared<Slow>();
  a.settings->email = slow;
  StartBoth();
  Outcome sent;
  sent.verdict = Outcome::Verdict::kDelivered;
  sent.reason = Reason::kDelivered;

  const std::string first = a.Fire("mail", "acme");
  PassInBeats(&b, kTerm.whole + kTerm.beat());
  EXPECT_EQ(State(first, "email"), "unknown restarted");
  slow->waiting(sent);
  a.Pump();
  EXPECT_EQ(State(first, "email"), "sent delivered");

  a.now = b.now;
  a.Pump();
  a.Know("other", {{"email", "\"o@example.com\""}});
  const std::string second = a.Fire("mail", "other");
  PassInBeats(&b, kTerm.whole + kTerm.beat());
  EXPECT_EQ(State(second, "email"), "unknown restarted");
  auto ledger = Ledger::Open(a.address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  Outbox outbox(ledger.value()->database());
  Delivery settled = a.Get(second, "email");
  settled.state = DeliveryState::kFailed;
  settled.due_at.reset();
  ASSERT_TRUE(outbox.Save(settled).ok());
  slow->waiting(sent);
  a.Pump();
  EXPECT_EQ(State(second, "email"), "failed restarted") << "settled meanwhile";
}

// Between a call's last request and the moment when others look for what it has
// done, whatever the term.
TEST_F(SharedLedgerTest, ATermLeavesRoomForTheCallsThatWereBegunInIt) {
  for (const Duration whole :
       {LeaseTerm::kShortest, LeaseTerm::kDefault, LeaseTerm::kLongest}) {
    const LeaseTerm term{whole};
    EXPECT_LT(term.beat() * 2, term.held()) << "one beat may be late";
    EXPECT_LT(term.held() + term.call(), whole);
  }
}

TEST_F(SharedLedgerTest, ACallIsToldWhenItMustHaveEnded) {
  a.Start(kRules);
  a.Fire("ticket", "acme");
  ASSERT_EQ(a.desk->deliveries.size(), 1U);
  EXPECT_EQ(a.desk->deliveries[0].call_end,
            a.now.time_since_epoch() + kTerm.call());
}

TEST_F(SharedLedgerTest, ALongerTermOfOneIsRespectedByTheOthers) {
  a.lease.whole = minutes(5);
  a.desk->Next({"lost_after"});
  StartBoth();
  const std::string id = a.Fire("ticket", "acme");
  a.Kill();
  PassInBeats(&b, minutes(4));
  EXPECT_EQ(State(id, "ticket"), "sending");
  PassInBeats(&b, minutes(1) + kTerm.beat());
  EXPECT_EQ(State(id, "ticket"), "unknown restarted");
}

// In a rolling upgrade: the schema is new, the program is not.
TEST_F(SharedLedgerTest, OneOfTheVersionBeforeIsGivenTheTimeThatItKnows) {
  b.Start(kRules);
  auto ledger = Ledger::Open(b.address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  const auto beat = [&] {
    return ledger.value()->database()->Run(
        "insert into instances (name, beat) values ('old', 1) "
        "on conflict (name) do update set beat = instances.beat + 1");
  };
  ASSERT_TRUE(beat().ok());
  PassInBeats(&b, minutes(10));
  EXPECT_EQ(b.Count("instances"), 2);
  ASSERT_TRUE(beat().ok());
  PassInBeats(&b, minutes(10));
  EXPECT_EQ(b.Count("instances"), 2);
  PassInBeats(&b, minutes(2));
  EXPECT_EQ(b.Count("instances"), 1);
}

// What it has not seen it does not count: the other was as cut off as itself.
TEST_F(SharedLedgerTest, WhoCouldNotLookForAWhileTakesNobodyForGone) {
  a.email->Next({"lost_after"});
  StartBoth();
  const std::string id = a.Fire("mail", "acme");
  b.Pass(kTerm.beat());
  b.Pass(minutes(5));
  EXPECT_EQ(State(id, "email"), "sending");
  a.now = b.now;
  a.Pump();
  PassInBeats(&b, kTerm.whole - kTerm.beat());
  EXPECT_EQ(State(id, "email"), "sending");
}

constexpr char kNoMail[] = R"(
  - id: ticket
    title: Ticket
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{ticket: {template: help}}]
)";

// In a rolling update: `b` does not know the rule yet, or no more.
TEST_F(SharedLedgerTest, WhatIsOfARuleThatOnlyTheOtherHasIsLeftToIt) {
  a.email->check_problem = "no way out here";
  StartWith(&a, kRules);
  StartWith(&b, kNoMail);
  const std::string id = a.Fire("mail", "acme");
  for (int i = 0; i < 12; ++i) PassBoth(minutes(5));
  EXPECT_EQ(State(id, "email"), "held misconfigured") << "an hour long";
  // What it knows is not held up by what it does not.
  const std::string other = b.Fire("ticket", "other");
  EXPECT_EQ(State(other, "ticket"), "sent delivered");
  a.email->check_problem.clear();
  PassBoth(minutes(1));
  PassBoth(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(a.email->TotalArrived(), 1);
}

// Its template has another name by now: only what still bears the old one
// waits.
TEST_F(SharedLedgerTest, WhatLacksItsTemplateHoldsUpNothingElseOfItsRule) {
  const auto templates = std::make_shared<FakeTemplates>();
  templates->missing = "help";
  a.email->check_problem = b.email->check_problem = "no way out here";
  StartWith(&a, kRules);
  StartWith(&b, kRules);
  const std::string before = a.Fire("mail", "acme");
  std::string renamed = kRules;
  const std::string email = "email: {template: ";
  renamed.replace(renamed.find(email) + email.size(), 4, "care");
  for (OutreachWorld* world : {&a, &b}) {
    world->LoadRules(renamed);
    world->settings->rules = world->rules;
    world->settings->templates = templates;
    world->email->check_problem.clear();
    world->Use();
  }
  PassBoth(seconds(30));
  EXPECT_NE(State(before, "email").substr(0, 4), "sent");
  const std::string after = b.Fire("mail", "acme");
  PassBoth(seconds(5));
  EXPECT_EQ(State(after, "email"), "sent delivered");
}

TEST_F(SharedLedgerTest, ARuleThatAllHaveLostIsGoneAfterAWhile) {
  a.email->check_problem = b.email->check_problem = "no way out here";
  StartWith(&a, kRules);
  StartWith(&b, kRules);
  const std::string id = a.Fire("mail", "acme");
  PassBoth(minutes(8));
  a.Know("bolt", {{"email", "\"ann@bolt.example\""}});
  const std::string later = a.Fire("mail", "bolt");
  for (OutreachWorld* world : {&a, &b}) {
    world->LoadRules(kNoMail);
    world->settings->rules = world->rules;
    world->email->check_problem.clear();
    world->Use();
  }
  PassBoth(seconds(30));
  PassBoth(minutes(1));
  EXPECT_NE(State(id, "email"), "suppressed rule_gone");
  PassBoth(minutes(1));
  PassBoth(seconds(5));
  EXPECT_EQ(State(id, "email"), "suppressed rule_gone");
  EXPECT_NE(State(later, "email"), "suppressed rule_gone");
  PassBoth(LeftToOthers::kPatience);
  PassBoth(seconds(5));
  EXPECT_EQ(State(later, "email"), "suppressed rule_gone");
  EXPECT_EQ(a.email->TotalArrived() + b.email->TotalArrived(), 0);
}

TEST_F(SharedLedgerTest, ARuleThatIsLiveOnlyThereIsNoSimulation) {
  std::string trial = kRules;
  const std::string title = "title: Mail\n";
  trial.insert(trial.find(title), "status: simulation\n    ");
  a.settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  b.settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  StartWith(&a, kRules);
  StartWith(&b, trial);
  const std::string id = a.Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  b.Pass(std::chrono::hours(3));
  EXPECT_EQ(State(id, "email"), "held quiet_hours") << "left to the other";
  a.now = b.now;
  a.Pump();
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(SharedLedgerTest, ACancellationFindsWhatTheOtherHasOpened) {
  a.settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  StartBoth();
  const std::string id = a.Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "held quiet_hours");
  b.Cancel("mail", "acme");
  EXPECT_EQ(State(id, "email"), "suppressed cancelled");
}

// Runs something before a delivery's new state is written, once.
class InterruptedDatabase final : public ForwardingDatabase {
 public:
  InterruptedDatabase(std::unique_ptr<Database> base,
                      std::function<void()>* before,
                      std::string at = "update deliveries set state")
      : ForwardingDatabase(std::move(base)),
        before_(before),
        at_(std::move(at)) {}
  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (sql.starts_with(at_) && *before_) {
      std::exchange(*before_, nullptr)();
    }
    return base()->Run(sql, values, row);
  }

 private:
  std::function<void()>* before_;
  const std::string at_;
};

TEST_F(SharedLedgerTest, WhatAPersonDropsStaysDroppedWhateverComesMeanwhile) {
  std::function<void()> before;
  a.wrap = [&](std::unique_ptr<Database> base) {
    return std::make_unique<InterruptedDatabase>(std::move(base), &before);
  };
  a.settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  a.Start(kRules);
  const std::string id = a.Fire("mail", "acme");
  ASSERT_EQ(State(id, "email"), "held quiet_hours");
  before = [&] {
    auto ledger = Ledger::Open(a.address(), Ledger::Access::kWrite);
    const auto dropped = DropAllOf(ledger.value().get(), "mail", "anna", a.now);
    ASSERT_TRUE(dropped.ok());
    EXPECT_EQ(dropped.value(), 1U);
  };
  a.Cancel("mail", "acme");
  EXPECT_FALSE(before);
  EXPECT_EQ(State(id, "email"), "suppressed dropped");
}

TEST_F(SharedLedgerTest, WhoIsTakenForGoneWhileItBeginsACallDoesNotBeginIt) {
  std::function<void()> before;
  a.wrap = [&](std::unique_ptr<Database> base) {
    return std::make_unique<InterruptedDatabase>(
        std::move(base), &before, "select 1 from instances where name =");
  };
  a.Start(kRules);
  a.SetStopAll(true);
  const std::string id = a.Fire("mail", "acme");
  before = [&] {
    const auto ledger = Ledger::Open(a.address(), Ledger::Access::kWrite);
    EXPECT_TRUE(ledger.value()->database()->Run("delete from instances").ok());
  };
  a.SetStopAll(false);
  a.Pass(seconds(1));
  EXPECT_FALSE(before);
  EXPECT_TRUE(a.email->deliveries.empty());
  a.Pass(seconds(10));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(a.email->deliveries.size(), 1U);
}

TEST_F(SharedLedgerTest, NothingIsSaidToBeDroppedThatIsGoingOut) {
  a.settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  a.Start(kRules);
  const std::string id = a.Fire("mail", "acme");
  ASSERT_EQ(State(id, "email"), "held quiet_hours");
  auto sending = Ledger::Open(a.address(), Ledger::Access::kWrite).value();
  ASSERT_TRUE(sending->Begin().ok());
  ASSERT_TRUE(
      sending->database()
          ->Run("update deliveries set state = 'sending', due_at = null "
                "where detection = ?",
                {id})
          .ok());
  std::atomic<bool> said = false;
  std::thread person([&] {
    auto ledger = Ledger::Open(a.address(), Ledger::Access::kWrite).value();
    EXPECT_EQ(DropAllOf(ledger.get(), "mail", "anna", a.now).value(), 0U);
    said = true;
  });
  const auto waits = [&] {
    int waiting = 0;
    const auto status = a.Reader()->database()->Run(
        "select count(*) from pg_locks where not granted", {},
        [&](const SqlRow& row) {
          waiting = static_cast<int>(row.Int(0));
          return false;
        });
    EXPECT_TRUE(status.ok());
    return waiting > 0 || !status.ok();
  };
  while (!said && !waits()) std::this_thread::yield();
  EXPECT_TRUE(sending->Commit().ok());
  person.join();
  EXPECT_EQ(a.Count("rulings"), 0);
}

TEST_F(SharedLedgerTest, AConsentWithdrawnBeforeTheOtherHolds) {
  StartBoth();
  ShardOutput output;
  output.profiles.push_back({"acme", b.now, {{"consent.email", "false"}}});
  b.profiles.Merge(output.profiles[0]);
  b.Submit(std::move(output));
  const std::string id = a.Fire("mail", "acme");
  EXPECT_EQ(a.Decision(id, "email"), "suppress no_consent");
  // And what one has heard does not undo what the other has.
  ShardOutput more;
  more.profiles.push_back({"acme", a.now, {{"tier", "\"gold\""}}});
  a.profiles.Merge(more.profiles[0]);
  a.Submit(std::move(more));
  const auto facts = a.Reader()->ReadProfile("acme");
  ASSERT_TRUE(facts.ok());
  EXPECT_EQ(facts.value().at("consent.email").json, "false");
  EXPECT_EQ(facts.value().at("tier").json, "\"gold\"");
}

TEST_F(SharedLedgerTest, TwoThatDecideAtOnceKeepCapsAndCooldowns) {
  constexpr int kCustomers = 40;
  constexpr int kTimes = 3;
  for (OutreachWorld* world : {&a, &b}) {
    world->settings->restraint.frequency_cap["email"] = {2,
                                                         std::chrono::days(7)};
    for (int i = 0; i < kCustomers; ++i) {
      world->Know("c" + std::to_string(i), {{"email", "\"c@example.com\""}});
    }
  }
  StartBoth();
  std::barrier together(2);
  const auto work = [&together](OutreachWorld* world) {
    for (int i = 0; i < kCustomers; ++i) {
      for (int time = 0; time < kTimes; ++time) {
        together.arrive_and_wait();
        world->Fire("mail", "c" + std::to_string(i));
        together.arrive_and_wait();
        world->Fire("rare", "c" + std::to_string(i));
      }
    }
  };
  std::thread first(work, &a);
  std::thread second(work, &b);
  first.join();
  second.join();
  PassBoth(seconds(1));
  const auto count = [&](const std::string& what) {
    std::map<std::string, std::int64_t> found;
    EXPECT_TRUE(a.Reader()
                    ->database()
                    ->Run(what, {},
                          [&](const SqlRow& row) {
                            found[std::string(row.Text(0))] = row.Int(1);
                            return true;
                          })
                    .ok());
    return found;
  };
  const auto mails = count(
      "select customer, count(*) from deliveries where rule = 'mail' "
      "and state = 'sent' group by customer");
  const auto rare = count(
      "select customer, count(*) from detections where rule = 'rare' "
      "and counted = 1 group by customer");
  ASSERT_EQ(mails.size(), std::size_t{kCustomers});
  ASSERT_EQ(rare.size(), std::size_t{kCustomers});
  for (const auto& [customer, sent] : mails) EXPECT_EQ(sent, 2) << customer;
  for (const auto& [customer, one] : rare) EXPECT_EQ(one, 1) << customer;
  EXPECT_EQ(a.email->TotalArrived() + b.email->TotalArrived(), 2 * kCustomers);
  EXPECT_EQ(a.Count("detections"), 2 * kCustomers * kTimes * 2);
}

// The call that it meant to begin is another's by now: it puts nothing back.
TEST_F(SharedLedgerTest, ACommitThatWasLostGivesNobodyElsesCallBack) {
  bool away = false;
  a.wrap = [&](std::unique_ptr<Database> base) {
    return std::make_unique<LostCommitDatabase>(std::move(base), &away);
  };
  b.email->Next({"unknown_after"});
  StartBoth();
  const std::string id = a.Fire("mail", "acme");
  ASSERT_TRUE(away);
  b.Pass(seconds(1));
  ASSERT_EQ(b.email->deliveries.size(), 1U);
  const std::string said = b.State(id, "email");
  away = false;
  PassBoth(seconds(2));
  PassBoth(seconds(2));
  EXPECT_EQ(a.email->deliveries.size(), 0U);
  EXPECT_EQ(b.email->deliveries.size(), 1U);
  EXPECT_EQ(b.State(id, "email"), said);
  EXPECT_EQ(b.Count("attempts where detail = 'was not begun'"), 0);
}

}  // namespace
}  // namespace premura
