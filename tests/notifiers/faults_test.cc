// SPDX-License-Identifier: Apache-2.0
// The process dies at every step it takes with the ledger; the ledger refuses
// to be written. Nothing is lost; nothing is doubled where the channel can be
// asked or knows keys; the rest is visible as unknown.

#include <gtest/gtest.h>

#include "notifiers/forwarding_database.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kRules[] = R"(
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cooldown: 7d
    actions: [{ticket: {template: help}}, {email: {template: help}},
              {sms: {template: short}}]
)";

// Counts statements and from one on refuses all: to the ledger that is what
// the end of the process is. `after`: the last one is carried out first, but
// nobody learns of it.
class MortalDatabase final : public ForwardingDatabase {
 public:
  MortalDatabase(std::unique_ptr<Database> base, int dies_at, bool after)
      : ForwardingDatabase(std::move(base)), dies_at_(dies_at), after_(after) {}

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    return Step([&] { return base()->Run(sql, values, row); });
  }
  Status Script(std::string_view sql) override {
    return Step([&] { return base()->Script(sql); });
  }
  Status Begin() override {
    return Step([&] { return base()->Begin(); });
  }
  Status Commit() override {
    return Step([&] { return base()->Commit(); });
  }
  void Rollback() override { base()->Rollback(); }

  bool dead() const { return steps_ >= dies_at_; }
  int steps() const { return steps_; }

 private:
  template <typename F>
  Status Step(F act) {
    if (dead()) return Error{"dead"};
    ++steps_;
    if (dead() && !after_) return Error{"dead"};
    const Status status = act();
    if (dead()) return Error{"dead"};
    return status;
  }

  int dies_at_;
  bool after_;
  int steps_ = 0;
};

struct Life {
  int dies_at;
  bool after;
};

// Answers whether it died at all: if not, all steps have been tried.
bool DieAndLiveAgain(const Life& life) {
  OutreachWorld world;
  world.LoadRules(kRules);
  world.Open();  // The schema is there: deaths are counted from here.
  world.Kill();
  MortalDatabase* mortal = nullptr;
  world.wrap = [&](std::unique_ptr<Database> base) {
    auto wrapped = std::make_unique<MortalDatabase>(std::move(base),
                                                    life.dies_at, life.after);
    mortal = wrapped.get();
    return wrapped;
  };
  world.Open();
  ShardOutput output;
  output.detections.push_back(world.Detect("loop", "acme"));
  const std::string id = output.detections[0].id;
  const ShardOutput again = output;
  bool died = true;
  if (world.core != nullptr) {
    world.core->Submit(std::move(output), [&] { ++world.durable; });
    world.Pump();
    died = mortal->dead();
  }
  const bool was_durable = world.durable > 0;
  world.wrap = nullptr;
  world.Restart();
  // The source goes on from its last position: what was not durable comes
  // again; what was may come again too.
  if (!was_durable || life.dies_at % 2 == 0) {
    world.core->Submit(again, [&] { ++world.durable; });
  }
  world.Pump();
  for (int i = 0; i < 10; ++i) world.Pass(minutes(1));

  const std::string where =
      std::to_string(life.dies_at) + (life.after ? " after" : " before");
  EXPECT_GT(world.durable, 0) << where;
  EXPECT_EQ(world.State(id, "ticket").substr(0, 4), "sent") << where;
  EXPECT_EQ(world.desk->TotalArrived(), 1) << where;
  EXPECT_EQ(world.State(id, "sms").substr(0, 4), "sent") << where;
  EXPECT_EQ(world.sms->TotalArrived(), 1) << where;
  // SMTP can neither be asked nor told: never twice, and if it is not known
  // whether it arrived, that is what stands there.
  const std::string email = world.State(id, "email");
  EXPECT_LE(world.email->TotalArrived(), 1) << where;
  if (email.substr(0, 4) == "sent") {
    EXPECT_EQ(world.email->TotalArrived(), 1) << where;
  } else {
    EXPECT_EQ(email, "unknown restarted") << where;
  }
  EXPECT_EQ(world.Count("detections"), 1) << where;
  EXPECT_EQ(world.Count("decisions"), 3) << where;
  return died;
}

TEST(Faults, NothingIsLostOrDoubledWhereverTheProcessDies) {
  for (const bool after : {false, true}) {
    int dies_at = 1;
    while (DieAndLiveAgain({dies_at, after})) ++dies_at;
    EXPECT_GT(dies_at, 40) << "there are that many steps at least";
  }
}

// Of one commit nobody learns what came of it: the connection breaks when the
// answer is due.
class DoubtfulDatabase final : public ForwardingDatabase {
 public:
  DoubtfulDatabase(std::unique_ptr<Database> base, const Life& life)
      : ForwardingDatabase(std::move(base)), life_(life) {}

  Status Commit() override {
    if (++commits_ != life_.dies_at) return base()->Commit();
    if (life_.after) {
      EXPECT_TRUE(base()->Commit().ok());
    } else {
      base()->Rollback();
    }
    return Error{"the connection was lost"};
  }
  // From here on they count.
  void Arm() { commits_ = 0; }
  int commits() const { return commits_; }

 private:
  const Life life_;
  int commits_ = -1000;
};

// Answers whether there was such a commit.
bool GoOnAfterADoubt(const Life& life) {
  OutreachWorld world;
  DoubtfulDatabase* doubtful = nullptr;
  world.Start(kRules);
  world.Kill();
  world.wrap = [&](std::unique_ptr<Database> base) {
    auto wrapped = std::make_unique<DoubtfulDatabase>(std::move(base), life);
    doubtful = wrapped.get();
    return wrapped;
  };
  world.email->Next({"retry", "unknown_before"});
  world.Open();
  doubtful->Arm();
  const std::string id = world.Fire("loop", "acme");
  for (int i = 0; i < 10; ++i) world.Pass(minutes(1));
  const std::string where =
      std::to_string(life.dies_at) + (life.after ? " after" : " before");
  EXPECT_EQ(world.durable, 1) << where;
  EXPECT_EQ(world.State(id, "ticket"), "sent delivered") << where;
  EXPECT_EQ(world.State(id, "sms"), "sent delivered") << where;
  EXPECT_EQ(world.State(id, "email"), "unknown unknown_outcome") << where;
  EXPECT_EQ(world.desk->TotalArrived(), 1) << where;
  EXPECT_EQ(world.sms->TotalArrived(), 1) << where;
  EXPECT_EQ(world.email->deliveries.size(), 2U) << where;
  EXPECT_EQ(world.Count("detections"), 1) << where;
  EXPECT_EQ(world.Count("decisions"), 3) << where;
  return doubtful->commits() > life.dies_at;
}

TEST(Faults, ACommitOfWhichNobodyKnowsIsFoundOutAndTheDaemonGoesOn) {
  for (const bool after : {false, true}) {
    int dies_at = 1;
    while (GoOnAfterADoubt({dies_at, after})) ++dies_at;
    EXPECT_GT(dies_at, 6) << "there are that many commits at least";
  }
}

// Fails every statement while `broken`.
class MoodyDatabase final : public ForwardingDatabase {
 public:
  MoodyDatabase(std::unique_ptr<Database> base, const bool* broken)
      : ForwardingDatabase(std::move(base)), broken_(broken) {}
  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (*broken_) return Error{"database is locked"};
    return base()->Run(sql, values, row);
  }
  Status Script(std::string_view sql) override { return base()->Script(sql); }
  Status Begin() override {
    return *broken_ ? Status(Error{"database is locked"}) : base()->Begin();
  }
  Status Commit() override {
    return *broken_ ? Status(Error{"database is locked"}) : base()->Commit();
  }
  void Rollback() override { base()->Rollback(); }

 private:
  const bool* broken_;
};

// Answers of a channel come while the ledger is away.
class SlowChannel final : public Channel {
 public:
  OnDoubt on_doubt() const override { return OnDoubt::kHold; }
  std::string host() const override { return "slow"; }
  void Deliver(const Message&, Done done) override {
    waiting.push_back(std::move(done));
  }
  void Check(std::function<void(CheckResult)> done) override { done({}); }
  std::vector<Done> waiting;
};

TEST(Faults, AnswersThatComeWhileTheLedgerIsAwayAreKept) {
  OutreachWorld world;
  bool broken = false;
  world.wrap = [&](std::unique_ptr<Database> base) {
    return std::make_unique<MoodyDatabase>(std::move(base), &broken);
  };
  auto slow = std::make_shared<SlowChannel>();
  world.settings->email = slow;
  world.Start(kRules);
  const std::string id = world.Fire("loop", "acme");
  ASSERT_EQ(slow->waiting.size(), 1U);
  broken = true;
  Outcome outcome;
  outcome.verdict = Outcome::Verdict::kDelivered;
  outcome.reason = Reason::kDelivered;
  outcome.provider_id = "250 ok";
  slow->waiting[0](outcome);
  world.Pass(seconds(5));
  EXPECT_FALSE(world.core->health().ledger_ok);
  EXPECT_EQ(world.State(id, "email"), "sending");
  world.Pass(minutes(5));
  broken = false;
  world.Pass(seconds(5));
  EXPECT_EQ(world.State(id, "email"), "sent delivered");
  EXPECT_EQ(world.Get(id, "email").provider_id, "250 ok");
}

}  // namespace
}  // namespace premura
