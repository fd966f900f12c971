// SPDX-License-Identifier: Apache-2.0
#include "signals/pipeline.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rules/rule_set.h"
#include "tests/support/fake_source.h"

namespace premura {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kThreeFailures[] = R"(
version: 1
rules:
  - id: three-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
)";

constexpr char kTwoFailures[] = R"(
version: 1
rules:
  - id: two-failures
    title: Fails twice
    detect:
      event_count: {event: failed, where: {code: 500}, gte: 2, within: 10m}
  - id: three-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
)";

std::shared_ptr<const RuleSet> Rules(const std::string& yaml,
                                     const RuleSet* previous = nullptr) {
  LoadOptions options;
  options.previous = previous;
  LoadedRules loaded = LoadRules({{"test.yaml", yaml}}, options);
  EXPECT_TRUE(loaded.rules) << RenderText(loaded.diagnostics);
  return loaded.rules;
}

constexpr char kNeverClosed[] = R"(
version: 1
rules:
  - id: never-closed
    title: Was never closed
    detect:
      absence: {after: opened, without: closed, for: 30m}
)";

std::string Happened(const std::string& event, const std::string& customer,
                     std::int64_t second) {
  return R"({"customer":")" + customer + R"(","event":")" + event +
         R"(","code":500,"ts":)" +
         std::to_string(1767225600000 + second * 1000) + "}";
}

std::string Failed(const std::string& customer, int second) {
  return Happened("failed", customer, second);
}

// A ledger whose writes a test can hold back.
class FakeLedger final : public OutputSink {
 public:
  void Submit(ShardOutput output, std::function<void()> durable) override {
    {
      const std::lock_guard lock(mutex_);
      for (Detection& each : output.detections) {
        detections_.push_back(each.rule->id + " " + each.customer);
        ids_.insert(each.id);
      }
      if (held_) {
        waiting_.push_back(std::move(durable));
        changed_.notify_all();
        return;
      }
      changed_.notify_all();
    }
    durable();
  }

  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    std::vector<std::function<void()>> ready;
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      ready.swap(waiting_);
    }
    for (const auto& durable : ready) durable();
  }
  std::vector<std::string> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(10),
                      [&] { return detections_.size() >= count; });
    return detections_;
  }
  bool AwaitWaiting(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10),
                             [&] { return waiting_.size() >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> detections_;
  std::set<std::string> ids_;
  std::vector<std::function<void()>> waiting_;
  bool held_ = false;
};

class FakeLetters final : public DeadLetterSink {
 public:
  Status Keep(const std::string&, const std::string& origin, const Record&,
              Refusal reason, std::string_view) override {
    const std::lock_guard lock(mutex_);
    if (failures_left > 0) {
      --failures_left;
      return Error{"disk full"};
    }
    letters.push_back(origin + " " + ToString(reason));
    return {};
  }
  Status Sync() override {
    const std::lock_guard lock(mutex_);
    return {};
  }

  int failures_left = 0;
  std::vector<std::string> letters;

 private:
  std::mutex mutex_;
};

class Watcher final : public PipelineObserver {
 public:
  void OnCounts(const std::string&, const Counts& counts) override {
    const std::lock_guard lock(mutex_);
    records += counts.records;
    duplicates += counts.duplicates;
  }
  void OnBackPressure(const std::string&, bool waiting) override {
    const std::lock_guard lock(mutex_);
    if (waiting) ++times_waited;
    changed_.notify_all();
  }
  void OnCommitted(const std::string&) override {}
  void OnEnded(const std::string&, const std::string& why) override {
    const std::lock_guard lock(mutex_);
    ended = true;
    ended_why = why;
    changed_.notify_all();
  }
  void OnDeadLetterTrouble(const std::string& why) override {
    const std::lock_guard lock(mutex_);
    troubles.push_back(why);
  }

  void OnCheckpoint(const CheckpointReport& report) override {
    const std::lock_guard lock(mutex_);
    ++checkpoints;
    if (!report.problem.empty()) troubles.push_back(report.problem);
    changed_.notify_all();
  }
  void OnStateLost(const std::string&, const std::string& origin,
                   const std::string& why) override {
    const std::lock_guard lock(mutex_);
    lost.push_back(origin + ": " + why);
  }

  bool AwaitBackPressure() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10),
                             [&] { return times_waited > 0; });
  }
  bool AwaitEnd() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] { return ended; });
  }

  std::uint64_t records = 0;
  std::uint64_t duplicates = 0;
  int times_waited = 0;
  bool ended = false;
  std::string ended_why;
  std::vector<std::string> troubles;
  std::vector<std::string> lost;
  int checkpoints = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// A clock that moves a little whenever it is looked at, so that barriers come
// however quickly a test runs, and that never depends on the machine's.
class SteppingClock {
 public:
  Timestamp Now() {
    return Timestamp(milliseconds(1767225600000 + 10 * ++ticks_));
  }
  void Leap(Duration by) { ticks_ += by / milliseconds(10); }

 private:
  std::atomic<std::int64_t> ticks_ = 0;
};

class PipelineTest : public testing::TestWithParam<int> {
 protected:
  void StartPipeline(const std::string& yaml = kThreeFailures) {
    rules_ = Rules(yaml);
    DecoderOptions decoding;
    std::vector<PipelineSource> sources(1);
    sources[0].id = "fake";
    sources[0].source = std::make_unique<FakeSource>(&topic_);
    sources[0].decoder = NewEventDecoder(decoding).value();
    sources[0].intake.reorder = reorder_;
    PipelineOptions options;
    options.shards = GetParam();
    options.commit_every = milliseconds(20);
    options.barriers_in_flight = 2;
    options.batch_records = 8;
    options.self_preservation = {.enabled = true, .min_customers = 1};
    options.now = [this] { return clock_.Now(); };
    pipeline_ = NewPipeline(std::move(options), std::move(sources), rules_,
                            &profiles_, &ledger_, &letters_, &watcher_);
    topic_.Assign(0);
    pipeline_->Start();
  }

  // Waits (10 s at most) until so many timers are held, with the source
  // stalled or not.
  bool AwaitHeld(std::size_t timers, bool stalled) {
    const auto limit = std::chrono::steady_clock::now() + seconds(10);
    while (std::chrono::steady_clock::now() < limit) {
      const PipelineHealth health = pipeline_->Health();
      std::size_t held = 0;
      for (const EngineStats& shard : health.cells) held += shard.held;
      if (held == timers &&
          (health.sources[0].stall != Stall::kNone) == stalled)
        return true;
      std::this_thread::yield();
    }
    return false;
  }
  // Until the clock is shown, which an event has moved.
  void AwaitTick() {
    const auto limit = std::chrono::steady_clock::now() + seconds(10);
    while (pipeline_->Health().sources[0].clock == Timestamp{} &&
           std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
  }
  std::int64_t Second() {
    return (clock_.Now() - Timestamp(milliseconds(1767225600000))) / seconds(1);
  }
  // Without an event for two hours, in which the clock follows the wall's.
  void FallQuiet() {
    topic_.CatchUp(0);
    EXPECT_TRUE(topic_.AwaitEmpty());
    clock_.Leap(seconds(2));
    AwaitTick();
    clock_.Leap(std::chrono::minutes(15));
    EXPECT_TRUE(AwaitHeld(0, true));
    clock_.Leap(std::chrono::hours(2));
  }

  Duration reorder_{};
  FakeTopic topic_;
  FakeLedger ledger_;
  FakeLetters letters_;
  Watcher watcher_;
  ProfileStore profiles_;
  SteppingClock clock_;
  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_P(PipelineTest, DetectsAndCommits) {
  StartPipeline();
  for (int i = 0; i < 3; ++i) topic_.Put(Failed("acme", i));
  EXPECT_EQ(ledger_.Await(1), std::vector<std::string>{"three-failures acme"});
  EXPECT_TRUE(topic_.AwaitCommit(0, 3));
  pipeline_->Stop(seconds(5));
  EXPECT_TRUE(topic_.closed);
}

constexpr char kRenewal[] = R"(
version: 1
rules:
  - id: renewal
    title: A renewal is near
    detect:
      deadline: {field: renewal, before: 1d}
)";

std::map<std::string, Profile::Values> Renewals(int customers,
                                                const std::string& date) {
  std::map<std::string, Profile::Values> values;
  for (int i = 0; i < customers; ++i) {
    values["c" + std::to_string(i)] = {{"renewal", '"' + date + '"'}};
  }
  return values;
}

// Of customers of whom nothing but a profile file is known, over all shards.
TEST_P(PipelineTest, DatesOfProfileFilesComeOnceWhereverTheCustomerBelongs) {
  profiles_.ReplaceFileLayer(Renewals(40, "2026-01-02T00:00:10Z"));
  StartPipeline(kRenewal);
  topic_.Put(Failed("acme", 0));
  topic_.Put(Failed("acme", 20));
  // A shard without an event hears of the clock by ticks.
  EXPECT_EQ(ledger_.Await(40).size(), 40u);
  const auto next = Rules(std::string(kRenewal) + R"(
  - id: probe
    title: Tells that the rules have changed
    detect:
      event_count: {event: failed, gte: 1, within: 1m}
)",
                          rules_.get());
  pipeline_->Use(
      next, profiles_.ReplaceFileLayer(Renewals(44, "2026-01-02T00:00:40Z")));
  for (int i = 0; i < 400 && ledger_.Await(0).size() == 40; ++i) {
    topic_.Put(Failed("probe", 21));
    topic_.AwaitEmpty();
  }
  topic_.Put(Failed("acme", 60));
  topic_.End();
  EXPECT_TRUE(watcher_.AwaitEnd());
  pipeline_->Stop(seconds(5));
  const std::vector<std::string> all = ledger_.Await(0);
  std::size_t renewals = 0;
  for (const std::string& one : all) renewals += one.starts_with("renewal c");
  EXPECT_EQ(renewals, 84u);
}

// Asked again until all has been taken: who asks does not wait for events.
TEST_P(PipelineTest, TellsHowFarARuleIs) {
  StartPipeline(kTwoFailures);
  topic_.Put(Failed("acme", 0));
  topic_.Put(
      R"({"customer":"acme","event":"failed","code":404,"ts":1767225601000})");
  CustomerStanding told;
  for (int i = 0; i < 10'000 && told.looked_at < 2; ++i) {
    std::promise<CustomerStanding> promise;
    pipeline_->Explain("acme", [&promise](CustomerStanding standing) {
      promise.set_value(std::move(standing));
    });
    told = promise.get_future().get();
  }
  ASSERT_EQ(told.standings.size(), 2U);
  EXPECT_EQ(told.standings[0].rule->id, "three-failures");
  EXPECT_EQ(told.standings[0].tracks.at(0).standing.have, 2);
  EXPECT_EQ(told.standings[1].tracks.at(0).standing.have, 1);
  ASSERT_EQ(told.standings[1].misses.size(), 1U);
  EXPECT_EQ(told.standings[1].misses[0].mismatch->wanted, "code: 500");
}

TEST_P(PipelineTest, CommitsNothingBeforeTheLedgerHasIt) {
  StartPipeline();
  ledger_.Hold();
  for (int i = 0; i < 3; ++i) topic_.Put(Failed("acme", i));
  ledger_.Await(1);
  // Some barrier has been through all shards and waits for the ledger.
  EXPECT_TRUE(ledger_.AwaitWaiting(2));
  {
    const std::lock_guard lock(topic_.mutex);
    EXPECT_FALSE(topic_.committed.contains(0) && topic_.committed[0] >= 3);
  }
  ledger_.Release();
  EXPECT_TRUE(topic_.AwaitCommit(0, 3));
}

TEST_P(PipelineTest, StopsReadingWhileTheLedgerIsAway) {
  StartPipeline();
  ledger_.Hold();
  for (int i = 0; i < 8; ++i) topic_.Put(Failed("acme", i));  // Polled at once.
  EXPECT_TRUE(topic_.AwaitEmpty());
  EXPECT_TRUE(ledger_.AwaitWaiting(2));
  // With barriers in flight up to the limit, what comes now is left there.
  for (int i = 0; i < 1000; ++i) topic_.Put(Failed("acme", 20));
  EXPECT_TRUE(watcher_.AwaitBackPressure());
  const std::size_t left = topic_.Left();
  EXPECT_GT(left, 0U);
  EXPECT_TRUE(topic_.AwaitIdlePolls(3));
  EXPECT_EQ(topic_.Left(), left);
  ledger_.Release();
  EXPECT_TRUE(topic_.AwaitCommit(0, 1008));
}

TEST_P(PipelineTest, KeepsABrokenRecordAndGoesOn) {
  StartPipeline();
  topic_.Put(Failed("acme", 0));
  topic_.Put("{broken");
  topic_.Put(Failed("acme", 1));
  topic_.Put(R"({"event":"failed","ts":1767225600000})");
  topic_.Put(Failed("acme", 2));
  EXPECT_EQ(ledger_.Await(1).size(), 1U);
  EXPECT_TRUE(topic_.AwaitCommit(0, 5));
  pipeline_->Stop(seconds(5));
  EXPECT_EQ(letters_.letters,
            (std::vector<std::string>{"fake/0@1 broken_json",
                                      "fake/0@3 no_customer"}));
}

TEST_P(PipelineTest, KeepsARecordOnceForAllItsEventsRefusedAlike) {
  StartPipeline();
  topic_.Put(R"([1, 2, {"event":"failed","ts":1767225600000}, 3])");
  EXPECT_TRUE(topic_.AwaitCommit(0, 1));
  pipeline_->Stop(seconds(5));
  EXPECT_EQ(letters_.letters,
            (std::vector<std::string>{"fake/0@0 wrong_type",
                                      "fake/0@0 no_customer"}));
}

TEST_P(PipelineTest, CommitsNothingOfAPartitionLostBeforeItsBarrier) {
  StartPipeline();
  ledger_.Hold();
  for (int i = 0; i < 3; ++i) topic_.Put(Failed("acme", i));
  EXPECT_TRUE(ledger_.AwaitWaiting(1));
  topic_.Lose(0);
  topic_.Assign(0);
  EXPECT_TRUE(topic_.AwaitEmpty());
  ledger_.Release();
  topic_.Assign(1);
  topic_.Put(Failed("acme", 3), 1);
  EXPECT_TRUE(topic_.AwaitCommit(1, 1));
  EXPECT_FALSE(topic_.committed.contains(0));
}

TEST_P(PipelineTest, WaitsUntilADeadLetterCanBeKept) {
  letters_.failures_left = 2;
  StartPipeline();
  topic_.Put("{broken");
  EXPECT_TRUE(topic_.AwaitCommit(0, 1));
  pipeline_->Stop(seconds(5));
  EXPECT_EQ(letters_.letters.size(), 1U);
  EXPECT_EQ(watcher_.troubles,
            (std::vector<std::string>{"disk full", "disk full"}));
}

TEST_P(PipelineTest, ChangesRulesBetweenTwoEventsAndKeepsState) {
  StartPipeline();
  topic_.Put(Failed("acme", 0));
  topic_.Put(Failed("acme", 1));
  EXPECT_TRUE(topic_.AwaitCommit(0, 2));
  const auto next = Rules(kTwoFailures, rules_.get());
  pipeline_->Use(next, {});
  // The change takes place at the worker's next turn; events of another
  // customer tell when it has.
  for (int i = 0; i < 400 && ledger_.Await(0).empty(); ++i) {
    topic_.Put(Failed("probe", 2));
    topic_.AwaitEmpty();
  }
  topic_.Put(Failed("acme", 3));
  EXPECT_TRUE(topic_.AwaitEmpty());
  EXPECT_TRUE(topic_.AwaitCommit(0, topic_.NextPosition(0)));
  pipeline_->Stop(seconds(5));
  const std::vector<std::string> all = ledger_.Await(1);
  // Two events before the change and one after make three.
  EXPECT_EQ(std::count(all.begin(), all.end(), "three-failures acme"), 1);
}

// What is held back was decoded without the field that only the new rule asks
// for: it must not be taken for an event that has none.
TEST_P(PipelineTest, NewRulesSeeNothingThatWasHeldBackBeforeThem) {
  reorder_ = seconds(10);
  StartPipeline();
  topic_.Put(
      R"({"customer":"acme","event":"failed","ts":1767225600000,"place":5})");
  EXPECT_TRUE(topic_.AwaitEmpty());
  pipeline_->Use(Rules(std::string(kThreeFailures) + R"(
  - id: nowhere
    title: Fails nowhere
    detect:
      event_count: {event: failed, where: {place|exists: false}, gte: 1, within: 1h}
)",
                       rules_.get()),
                 {});
  // More than the worker reads in three turns; none lets the first go.
  for (int i = 0; i < 24; ++i) {
    topic_.Put(Failed("customer-" + std::to_string(i), 1));
  }
  EXPECT_TRUE(topic_.AwaitEmpty());
  for (int i = 0; i < 400 && ledger_.Await(0).empty(); ++i) {
    topic_.Put(Failed("probe-" + std::to_string(i), 30 * i));
    EXPECT_TRUE(topic_.AwaitEmpty());
  }
  pipeline_->Stop(seconds(5));
  for (const std::string& told : ledger_.Await(1)) {
    EXPECT_TRUE(told.starts_with("nowhere probe-")) << told;
  }
}

TEST_P(PipelineTest, ForgetsCustomersOfAPartitionThatLeft) {
  StartPipeline();
  topic_.Put(Failed("acme", 0));
  topic_.Put(Failed("acme", 1));
  topic_.Revoke(0);
  topic_.Assign(0);
  topic_.Put(Failed("acme", 2));
  topic_.Put(Failed("globex", 2));
  topic_.Put(Failed("globex", 3));
  topic_.Put(Failed("globex", 4));
  EXPECT_EQ(ledger_.Await(1),
            std::vector<std::string>{"three-failures globex"});
  EXPECT_TRUE(topic_.AwaitCommit(0, 6));
}

TEST_P(PipelineTest, FinishesAfterTheEndOfAFile) {
  StartPipeline();
  for (int i = 0; i < 3; ++i) topic_.Put(Failed("acme", i));
  topic_.End();
  EXPECT_TRUE(watcher_.AwaitEnd());
  EXPECT_EQ(watcher_.ended_why, "");
  EXPECT_TRUE(topic_.AwaitCommit(0, 3));
  EXPECT_TRUE(pipeline_->Finished());
  EXPECT_TRUE(pipeline_->Health().sources[0].ended);
}

TEST_P(PipelineTest, SaysWhyASourceFailed) {
  StartPipeline();
  topic_.Fail("fenced");
  EXPECT_TRUE(watcher_.AwaitEnd());
  EXPECT_EQ(watcher_.ended_why, "fenced");
  EXPECT_EQ(pipeline_->Health().sources[0].failure, "fenced");
}

TEST_P(PipelineTest, StopsWithinItsLimitWhenTheLedgerNeverAnswers) {
  StartPipeline();
  ledger_.Hold();
  for (int i = 0; i < 3; ++i) topic_.Put(Failed("acme", i));
  ledger_.Await(1);
  pipeline_->Stop(milliseconds(50));
  EXPECT_FALSE(topic_.committed.contains(0) && topic_.committed[0] >= 3);
}

// A producer that comes back after two hours with its backlog.
TEST_P(PipelineTest, HoldsAbsenceWhileTheSourceIsQuietAndBehind) {
  StartPipeline(kNeverClosed);
  topic_.Put(Happened("opened", "acme", 0));
  topic_.Put(Happened("opened", "globex", 0));
  FallQuiet();
  EXPECT_TRUE(AwaitHeld(2, true));
  topic_.Put(Happened("closed", "acme", 600));
  // Opened and closed while nobody could see it.
  topic_.Put(Happened("opened", "initech", 600));
  EXPECT_TRUE(AwaitHeld(2, true));
  topic_.Put(Happened("closed", "initech", 700));
  EXPECT_TRUE(AwaitHeld(1, true));
  topic_.CatchUp(0);
  topic_.Put(Happened("probe", "hooli", Second()));
  EXPECT_TRUE(topic_.AwaitEmpty());
  EXPECT_TRUE(AwaitHeld(1, true));
  EXPECT_TRUE(ledger_.Await(0).empty());
  for (int i = 0; i < 400 && ledger_.Await(0).empty(); ++i) {
    clock_.Leap(seconds(2));
    topic_.Put(Happened("probe", "hooli", Second()));
    topic_.CatchUp(0);
    EXPECT_TRUE(topic_.AwaitEmpty());
  }
  EXPECT_EQ(ledger_.Await(1), std::vector<std::string>{"never-closed globex"});
  EXPECT_TRUE(AwaitHeld(0, false));
}

TEST_P(PipelineTest, BoundsThatChangeLetGoWhatIsHeld) {
  StartPipeline(kNeverClosed);
  topic_.Put(Happened("opened", "acme", 0));
  FallQuiet();
  EXPECT_TRUE(AwaitHeld(1, true));
  pipeline_->Use(SelfPreservation{});
  EXPECT_EQ(ledger_.Await(1), std::vector<std::string>{"never-closed acme"});
}

TEST_P(PipelineTest, AFewCustomersOfAQuietSourceAreBelieved) {
  StartPipeline(kNeverClosed);
  pipeline_->Use(SelfPreservation{.enabled = true});
  topic_.Put(Happened("opened", "acme", 0));
  FallQuiet();
  EXPECT_EQ(ledger_.Await(1), std::vector<std::string>{"never-closed acme"});
}

TEST_P(PipelineTest, TellsHowManyEventsItWouldKnowAgain) {
  StartPipeline();
  for (const char* id : {"1", "2", "1"}) {
    topic_.Put(
        R"({"customer":"acme","event":"seen","ts":1767225600000,"id":")" +
        std::string(id) + "\"}");
  }
  EXPECT_TRUE(topic_.AwaitEmpty());
  const auto limit = std::chrono::steady_clock::now() + seconds(10);
  while (pipeline_->Health().sources[0].remembered == 0 &&
         std::chrono::steady_clock::now() < limit) {
    clock_.Leap(seconds(2));
    std::this_thread::yield();
  }
  EXPECT_EQ(pipeline_->Health().sources[0].remembered, 2u);
}

INSTANTIATE_TEST_SUITE_P(Shards, PipelineTest, testing::Values(1, 3));

}  // namespace
}  // namespace premura
