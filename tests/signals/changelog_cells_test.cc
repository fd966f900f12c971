// SPDX-License-Identifier: Apache-2.0
// Whole pipelines, with their threads, whose cells are kept in a changelog:
// what one knew, the next goes on with.

#include "signals/changelog_cells.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "signals/pipeline.h"
#include "tests/signals/stream.h"
#include "tests/support/holding_source.h"
#include "tests/support/quiet_observer.h"
#include "tests/support/simulated_log.h"

namespace premura {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kPartitions = 4;
constexpr Duration kLimit = seconds(20);

constexpr char kRules[] = R"(
version: 1
rules:
  - id: three-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
  - id: gold-fails
    title: Fails, and is dear to us
    only_for: {tier: gold}
    detect:
      event_count: {event: failed, gte: 2, within: 10m}
  - id: never-closed
    title: Was never closed
    detect:
      absence: {after: opened, without: closed, for: 30m}
)";

// The broker, the topic of events and the group, for all instances.
struct Cluster {
  void Put(std::uint32_t partition, const std::string& record) {
    const std::lock_guard lock(mutex);
    events[partition].push_back(record);
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  SimulatedBroker broker{kPartitions};
  std::string hangs;     // This call is not answered
  bool hanging = false;  // and somebody waits for it.
  int initialising = 0;
  std::vector<std::vector<std::string>> events{kPartitions};
};

// One process' way to it, at any time.
class LockedLog final : public TransactionLog {
 public:
  LockedLog(std::string id, Cluster* cluster)
      : cluster_(cluster),
        log_(std::move(id), &cluster->broker, [](int) { return false; }) {}

  std::string writer() const override { return log_.writer(); }
  LogTrouble Init() override {
    std::unique_lock lock(cluster_->mutex);
    EXPECT_EQ(++cluster_->initialising, 1);
    const bool cancelled = Hangs("init", &lock);
    --cluster_->initialising;
    if (cancelled) return {LogTrouble::Kind::kRetry, "cancelled"};
    return log_.Init();
  }
  LogTrouble Begin() override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.Begin();
  }
  LogTrouble Append(std::uint32_t partition, const LogRecord& record) override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.Append(partition, record);
  }
  LogTrouble SendPositions(const std::map<std::string, std::int64_t>& positions,
                           const Membership* membership) override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.SendPositions(positions, membership);
  }
  LogTrouble Commit() override {
    std::unique_lock lock(cluster_->mutex);
    if (Hangs("commit", &lock)) {
      return {LogTrouble::Kind::kRetry, "cancelled"};
    }
    return log_.Commit();
  }
  LogTrouble Abort() override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.Abort();
  }
  Result<Ends> EndsOf(std::uint32_t partition) override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.EndsOf(partition);
  }
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const Visit& visit) override {
    std::unique_lock lock(cluster_->mutex);
    if (Hangs("read", &lock)) return Error{"cancelled"};
    return log_.Read(partition, from, to, visit);
  }
  Result<Unread> UnreadOf(const std::vector<std::string>& inputs) override {
    const std::lock_guard lock(cluster_->mutex);
    Unread unread;
    for (const std::string& name : inputs) {
      const auto number = std::stoul(name.substr(name.rfind('/') + 1));
      unread[name] = static_cast<std::int64_t>(cluster_->events[number].size());
    }
    return unread;
  }
  void Cancel() override {
    const std::lock_guard lock(cluster_->mutex);
    cancelled_ = true;
    cluster_->changed.notify_all();
  }
  Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.CommittedOf(inputs);
  }
  LogTrouble AbortUndecided(std::uint32_t partition) override {
    const std::lock_guard lock(cluster_->mutex);
    return log_.AbortUndecided(partition);
  }

 private:
  // Whether the call has been cancelled.
  bool Hangs(const std::string& call, std::unique_lock<std::mutex>* lock) {
    if (cluster_->hangs != call && !cancelled_) return false;
    cluster_->hanging = true;
    cluster_->changed.notify_all();
    EXPECT_TRUE(cluster_->changed.wait_for(
        *lock, 2 * kLimit,
        [&] { return cluster_->hangs != call || cancelled_; }))
        << call << " was not cancelled";
    return cancelled_;
  }

  Cluster* const cluster_;
  SimulatedLog log_;
  bool cancelled_ = false;  // Guarded by the cluster's mutex.
};

// What the group tells an instance, in order.
struct Word {
  enum What { kAssign, kRevoke, kRevokeSoon, kLose } what;
  std::set<std::uint32_t> partitions;
};

class MemberSource final : public HoldingSource {
 public:
  MemberSource(Cluster* cluster, std::deque<Word>* words)
      : cluster_(cluster), words_(words) {}

  PartitionStart Begin(std::uint32_t partition,
                       const PartitionPlace* place) override {
    // Brokers are asked, and who does not poll for long is a member no more.
    EXPECT_EQ(begun_since_poll_++, 0);
    return HoldingSource::Begin(partition, place);
  }

  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration wait) override {
    begun_since_poll_ = 0;
    Listen(sink);
    Polled polled;
    for (auto& [partition, next] : next_) {
      while (polled.records < max) {
        Record record;
        std::string text;
        {
          const std::lock_guard lock(cluster_->mutex);
          if (next >= cluster_->events[partition].size()) break;
          text = cluster_->events[partition][next];
        }
        record.value = text;
        record.partition = partition;
        record.position = static_cast<std::int64_t>(next++);
        sink->OnRecord(record);
        ++polled.records;
        at_end_.erase(partition);
      }
      if (polled.records == max) break;
      if (at_end_.insert(partition).second) sink->OnCaughtUp(partition);
    }
    if (polled.records > 0 || max == 0) return polled;
    std::unique_lock lock(cluster_->mutex);
    cluster_->changed.wait_for(lock, std::min(wait, Duration(milliseconds(5))));
    return polled;
  }
  void Commit(const Positions& positions) override {
    EXPECT_THAT(positions, IsEmpty());
  }

 private:
  void Listen(RecordSink* sink) {
    std::deque<Word> words;
    {
      const std::lock_guard lock(cluster_->mutex);
      words.swap(*words_);
    }
    for (const Word& word : words) {
      if (word.what == Word::kAssign) {
        const std::lock_guard lock(cluster_->mutex);
        membership_ =
            std::make_shared<SimulatedMembership>(cluster_->broker.generation);
      } else if (word.what == Word::kRevoke) {
        sink->OnRevoking(kLimit);
      } else if (word.what == Word::kRevokeSoon) {
        sink->OnRevoking(milliseconds(20));
      }
      for (const std::uint32_t partition : word.partitions) {
        if (word.what == Word::kAssign) {
          sink->OnAssigned(partition, {});
        } else {
          sink->OnRevoked(partition);
        }
      }
    }
  }

  Cluster* const cluster_;
  std::deque<Word>* const words_;  // Guarded by the cluster's mutex.
  int begun_since_poll_ = 0;
  std::set<std::uint32_t> at_end_;
};

class Ledger final : public OutputSink {
 public:
  void Submit(ShardOutput output, std::function<void()> durable) override {
    {
      const std::lock_guard lock(mutex_);
      for (const Detection& each : output.detections) {
        told_.insert(each.rule->id + " " + each.customer);
      }
      changed_.notify_all();
      if (held_) {
        waiting_.push_back(std::move(durable));
        return;
      }
    }
    durable();
  }
  void Hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void Release() {
    std::vector<std::function<void()>> waiting;
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
      waiting.swap(waiting_);
    }
    for (const auto& durable : waiting) durable();
  }
  // Waits until there are so many.
  std::set<std::string> Await(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLimit, [&] { return told_.size() >= count; });
    return told_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> told_;
  bool held_ = false;
  std::vector<std::function<void()>> waiting_;
};

class NoLetters final : public DeadLetterSink {
 public:
  Status Keep(const std::string&, const std::string&, const Record& record,
              Refusal, std::string_view) override {
    ADD_FAILURE() << record.value;
    return {};
  }
  Status Sync() override { return {}; }
};

class Observer final : public QuietObserver {
 public:
  void OnCounts(const std::string&, const Counts& counts) override {
    const std::lock_guard lock(mutex_);
    records_ += counts.records;
    misplaced_ += counts.misplaced;
    changed_.notify_all();
  }
  void OnBackPressure(const std::string&, bool waiting) override {
    const std::lock_guard lock(mutex_);
    pressed_ = waiting;
    changed_.notify_all();
  }
  void OnCheckpoint(const CheckpointReport& report) override {
    const std::lock_guard lock(mutex_);
    if (report.is_void) ++voided_;
    changed_.notify_all();
  }
  void OnStateLost(const std::string&, const std::string& origin,
                   const std::string& why) override {
    const std::lock_guard lock(mutex_);
    lost_.push_back(origin + ": " + why);
    changed_.notify_all();
  }

  bool AwaitRecords(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return records_ >= count; });
  }
  bool AwaitRecordsOrPressure(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit,
                             [&] { return pressed_ || records_ >= count; });
  }
  bool pressed() {
    const std::lock_guard lock(mutex_);
    return pressed_;
  }
  bool AwaitVoid() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return voided_ > 0; });
  }
  std::vector<std::string> AwaitLost() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kLimit, [&] { return !lost_.empty(); });
    return lost_;
  }
  std::uint64_t misplaced() {
    const std::lock_guard lock(mutex_);
    return misplaced_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t records_ = 0;
  std::uint64_t misplaced_ = 0;
  int voided_ = 0;
  bool pressed_ = false;
  std::vector<std::string> lost_;
};

std::uint32_t Of(const std::string& customer) {
  return PartitionOf(customer, kPartitions, Partitioner::kMurmur2);
}

// One process.
class Instance {
 public:
  Instance(const std::string& name, Cluster* cluster, Ledger* ledger,
           Duration reorder = {})
      : cluster_(cluster) {
    ChangelogCellsOptions cells;
    cells.partitions = kPartitions;
    cells.random = [] { return 7U; };
    cells_ = NewChangelogCells(std::make_unique<LockedLog>(name, cluster),
                               std::move(cells));
    PipelineOptions options;
    options.shards = 2;
    options.commit_every = milliseconds(10);
    options.cells = cells_.get();
    options.checkpoint_every = std::chrono::hours(1);
    options.batch_records = 8;
    options.now = [this] { return kStart + milliseconds(++ticks_); };
    std::vector<PipelineSource> sources(1);
    sources[0].id = "events";
    sources[0].source = std::make_unique<MemberSource>(cluster, &words_);
    DecoderOptions decoder;
    decoder.preset = Preset::kSegment;
    decoder.customer_is_user = true;
    sources[0].decoder = NewEventDecoder(decoder).value();
    sources[0].intake.reorder = reorder;
    pipeline =
        NewPipeline(std::move(options), std::move(sources), Rules(kRules),
                    &profiles, ledger, &letters_, &observer);
    pipeline->Start();
  }
  ~Instance() { pipeline->Stop(Duration::zero()); }

  void Hear(Word::What what,
            std::set<std::uint32_t> partitions = {0, 1, 2, 3}) {
    const std::lock_guard lock(cluster_->mutex);
    if (what == Word::kAssign) ++cluster_->broker.generation;
    words_.push_back({what, std::move(partitions)});
    cluster_->changed.notify_all();
  }
  void Leap(Duration by) { ticks_ += by / milliseconds(1); }
  // Whether another says that it has the customer.
  bool IsElsewhere(const std::string& customer) {
    std::promise<bool> elsewhere;
    pipeline->Explain(customer, [&elsewhere](const CustomerStanding& standing) {
      elsewhere.set_value(standing.elsewhere);
    });
    return elsewhere.get_future().get();
  }
  bool AwaitCells(std::uint64_t count) {
    return Await([count](const CellStoreHealth& health) {
      return health.cells >= count && health.waiting == 0;
    });
  }
  // All: a cell begins soon after the store has loaded it.
  bool AwaitBegun() {
    return Await([this](const CellStoreHealth&) {
      std::set<std::uint32_t> begun;
      for (int i = 0; i < 32; ++i) {
        const std::string customer = std::to_string(i);
        if (!IsElsewhere(customer)) begun.insert(Of(customer));
      }
      return begun.size() == kPartitions;
    });
  }
  template <typename Holds>
  bool Await(const Holds& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    while (std::chrono::steady_clock::now() < deadline) {
      if (holds(*pipeline->Health().cell_store)) return true;
      std::this_thread::yield();
    }
    return false;
  }

 private:
  Cluster* const cluster_;
  std::deque<Word> words_;
  std::atomic<std::int64_t> ticks_ = 0;
  NoLetters letters_;
  std::unique_ptr<CellStore> cells_;

 public:
  Observer observer;
  ProfileStore profiles;
  std::unique_ptr<Pipeline> pipeline;  // Last: it uses the others.
};

// Which partition a producer puts the customer in.

std::string Event(const std::string& user, const std::string& what,
                  int second) {
  return R"({"type":"track","userId":")" + user + R"(","event":")" + what +
         R"(","timestamp":")" + FormatInstant(kStart + seconds(second)) +
         R"(","messageId":")" + user + std::to_string(second) + R"("})";
}

class ChangelogCellsTest : public testing::Test {
 protected:
  void Fails(const std::string& user, int second) {
    cluster_.Put(Of(user), Event(user, "failed", second));
  }

  void Hang(const std::string& call) {
    const std::lock_guard lock(cluster_.mutex);
    cluster_.hangs = call;
    cluster_.changed.notify_all();
  }
  void AwaitHanging() {
    std::unique_lock lock(cluster_.mutex);
    ASSERT_TRUE(cluster_.changed.wait_for(lock, kLimit,
                                          [this] { return cluster_.hanging; }));
  }

  Cluster cluster_;
  Ledger ledger_;
};

TEST_F(ChangelogCellsTest, AWindowOutlivesAProcess) {
  {
    Instance a("a", &cluster_, &ledger_);
    a.Hear(Word::kAssign);
    for (const char* const user : {"ann", "bob", "cid", "dora"}) {
      Fails(user, 1);
      Fails(user, 2);
    }
    ASSERT_TRUE(a.observer.AwaitRecords(8));
    ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
    EXPECT_FALSE(a.IsElsewhere("ann"));
  }
  for (const char* const user : {"ann", "bob", "cid", "dora"}) Fails(user, 3);
  Instance b("b", &cluster_, &ledger_);
  b.Hear(Word::kAssign);
  EXPECT_THAT(ledger_.Await(4),
              ElementsAre("three-failures ann", "three-failures bob",
                          "three-failures cid", "three-failures dora"));
  EXPECT_TRUE(b.observer.AwaitRecords(4));
  EXPECT_TRUE(b.AwaitCells(4));
}

// What lies in the topic while the ledger is away, or behind a backlog of
// another partition, is not silence.
TEST_F(ChangelogCellsTest, WhatCouldNotBeReadIsNoSilence) {
  const auto in = [](std::uint32_t partition) {
    int user = 0;
    while (Of(std::to_string(user)) != partition) ++user;
    return std::to_string(user);
  };
  const std::string busy = in(0);
  const std::string ann = in(1);
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  cluster_.Put(1, Event(ann, "opened", 0));
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  a.Leap(seconds(5));  // At its end, and quiet.
  ledger_.Hold();
  int sent = 0;
  while (!a.observer.pressed()) {
    cluster_.Put(0, Event(busy, "seen", ++sent));
    ASSERT_TRUE(a.observer.AwaitRecordsOrPressure(1 + sent));
  }
  a.Leap(minutes(40));
  for (int i = 0; i < 8; ++i) cluster_.Put(0, Event(busy, "seen", 2400 + i));
  cluster_.Put(1, Event(ann, "closed", 60));
  ledger_.Release();
  for (int i = 0; i < 3; ++i) Fails(ann, 61 + i);
  a.Leap(minutes(1));
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures " + ann));
}

TEST_F(ChangelogCellsTest, WhatIsGivenBackInOrderIsWrittenFirst) {
  Instance a("a", &cluster_, &ledger_);
  Instance b("b", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  Fails("ann", 2);
  ASSERT_TRUE(a.observer.AwaitRecords(2));
  a.Hear(Word::kRevoke);
  ASSERT_TRUE(a.Await([this](const CellStoreHealth&) {
    const std::lock_guard lock(cluster_.mutex);
    const auto committed =
        cluster_.broker.CommittedOf({"events/" + std::to_string(Of("ann"))});
    return committed && !committed->empty() && committed->begin()->second == 2;
  }));
  b.Hear(Word::kAssign);
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
  EXPECT_TRUE(a.IsElsewhere("ann"));
  EXPECT_FALSE(b.IsElsewhere("ann"));
}

// A checkpoint is still being written: where the partitions are has been said,
// and how their customers are cannot be any more.
TEST_F(ChangelogCellsTest, WhatIsGivenBackInHasteIsReadAgainByTheNext) {
  Instance a("a", &cluster_, &ledger_);
  Instance b("b", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  Hang("commit");
  Fails("ann", 2);
  ASSERT_TRUE(a.observer.AwaitRecords(2));
  (void)a.pipeline->Checkpoint(milliseconds(10));
  AwaitHanging();
  Fails("bob", 1);
  Fails("bob", 2);
  ASSERT_TRUE(a.observer.AwaitRecords(4));
  a.Hear(Word::kRevokeSoon);
  ASSERT_TRUE(
      a.Await([&a](const CellStoreHealth&) { return a.IsElsewhere("bob"); }));
  Hang("");
  ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  b.Hear(Word::kAssign);
  Fails("bob", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures bob"));
}

TEST_F(ChangelogCellsTest, WhatIsLostIsReadAgainByTheNext) {
  Instance a("a", &cluster_, &ledger_);
  Instance b("b", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  Fails("ann", 2);
  ASSERT_TRUE(a.observer.AwaitRecords(2));
  a.Hear(Word::kLose);
  b.Hear(Word::kAssign);
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
}

// It has not heard yet that another has its partitions.
TEST_F(ChangelogCellsTest, WhoIsLateStartsOverFromTheOthersWord) {
  Instance a("a", &cluster_, &ledger_);
  Instance b("b", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  b.Hear(Word::kAssign);
  Fails("ann", 2);
  ASSERT_TRUE(b.observer.AwaitRecords(1));
  ASSERT_TRUE(b.pipeline->Checkpoint(kLimit));
  (void)a.pipeline->Checkpoint(seconds(1));
  EXPECT_TRUE(a.observer.AwaitVoid());
  b.Hear(Word::kRevoke);
  a.Hear(Word::kLose);
  a.Hear(Word::kAssign);
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
  EXPECT_TRUE(a.pipeline->Checkpoint(kLimit));
}

TEST_F(ChangelogCellsTest, WaitsForATransactionThatIsNotOverAndSaysSo) {
  const std::string input = "events/" + std::to_string(Of("ann"));
  {
    const std::lock_guard lock(cluster_.mutex);
    const std::uint32_t epoch = cluster_.broker.Init("dead");
    cluster_.broker.SendPositions("dead", epoch, 0, {{input, 7}});
  }
  Instance a("a", &cluster_, &ledger_);
  Fails("ann", 1);
  a.Hear(Word::kAssign);
  ASSERT_TRUE(a.Await([](const CellStoreHealth& health) {
    return health.waiting == 1 && health.cells == 3 &&
           health.why.find(
               "1 of its partitions wait for their state: a "
               "former owner's transaction is not over") != std::string::npos;
  }));
  // Meanwhile it is known how much there is to read.
  EXPECT_TRUE(a.Await([&a](const CellStoreHealth& health) {
    return health.unread == 1 &&
           a.pipeline->Health().sources[0].health.lag == 1;
  }));
  EXPECT_TRUE(a.IsElsewhere("ann"));
  {
    const std::lock_guard lock(cluster_.mutex);
    cluster_.broker.TimeOut();
  }
  EXPECT_TRUE(a.observer.AwaitRecords(1));
  EXPECT_TRUE(a.AwaitCells(4));
  EXPECT_FALSE(a.IsElsewhere("ann"));
}

TEST_F(ChangelogCellsTest, AStopDoesNotWaitForACellToBeRead) {
  cluster_.hangs = "read";
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  AwaitHanging();
  a.pipeline->Stop(Duration::zero());
  EXPECT_EQ(a.pipeline->Health().cell_store->cells, 0U);
}

TEST_F(ChangelogCellsTest, AStopDoesNotWaitForACommit) {
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  ASSERT_TRUE(a.AwaitCells(4));
  Hang("commit");
  Fails("ann", 1);
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  (void)a.pipeline->Checkpoint(milliseconds(10));
  AwaitHanging();
  a.pipeline->Stop(Duration::zero());
}

// Nor is it begun a second time.
TEST_F(ChangelogCellsTest, AStopDoesNotWaitForAProducerToBegin) {
  cluster_.hangs = "init";
  Instance a("a", &cluster_, &ledger_);
  AwaitHanging();
  (void)a.pipeline->Checkpoint(milliseconds(10));
  a.pipeline->Stop(Duration::zero());
}

// A rebalance takes all, and gives most of it back.
TEST_F(ChangelogCellsTest, WhatComesBackGoesOnAsItWas) {
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  Fails("ann", 2);
  for (std::uint32_t i = 0; i < kPartitions; ++i) {
    cluster_.Put(i, Event("x" + std::to_string(i), "seen", 1));
  }
  ASSERT_TRUE(a.observer.AwaitRecords(6));
  ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  const std::set<std::uint32_t> without = {(Of("ann") + 1) % kPartitions,
                                           (Of("ann") + 2) % kPartitions};
  // The next generation begins once all have given back what they had.
  const auto is_given_back = [&a](const CellStoreHealth&) {
    return a.IsElsewhere("ann");
  };
  a.Hear(Word::kRevoke);
  ASSERT_TRUE(a.Await(is_given_back));
  std::set<std::uint32_t> most = {0, 1, 2, 3};
  for (const std::uint32_t each : without) most.erase(each);
  a.Hear(Word::kAssign, most);
  ASSERT_TRUE(a.Await([](const CellStoreHealth& health) {
    return health.kept == 2 && health.waiting == 0;
  }));
  EXPECT_EQ(a.pipeline->Health().cell_store->cells, 4U);
  // Soon after the store has said so.
  EXPECT_TRUE(
      a.Await([&a](const CellStoreHealth&) { return !a.IsElsewhere("ann"); }));
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
  EXPECT_TRUE(a.pipeline->Checkpoint(kLimit));
  // Those that had gone are loaded.
  a.Hear(Word::kRevoke, most);
  ASSERT_TRUE(a.Await(is_given_back));
  a.Hear(Word::kAssign);
  EXPECT_TRUE(a.Await([](const CellStoreHealth& health) {
    return health.kept == 4 && health.cells == 6 && health.waiting == 0;
  }));
}

TEST_F(ChangelogCellsTest, WhatAnotherHadMeanwhileIsLoadedAnew) {
  Instance a("a", &cluster_, &ledger_);
  Instance b("b", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  ASSERT_TRUE(a.AwaitCells(4));
  ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  a.Hear(Word::kLose);
  b.Hear(Word::kAssign);
  Fails("ann", 2);
  ASSERT_TRUE(b.observer.AwaitRecords(1));
  ASSERT_TRUE(b.AwaitBegun());
  ASSERT_TRUE(b.pipeline->Checkpoint(kLimit));
  b.Hear(Word::kRevoke);
  a.Hear(Word::kAssign);
  ASSERT_TRUE(a.Await([](const CellStoreHealth& health) {
    return health.cells == 8 && health.waiting == 0;
  })) << a.pipeline->Health().cell_store->cells
      << " cells, " << a.pipeline->Health().cell_store->kept << " kept, "
      << a.pipeline->Health().cell_store->fenced << " fenced, "
      << a.pipeline->Health().cell_store->why;
  EXPECT_EQ(a.pipeline->Health().cell_store->kept, 0U);
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
}

TEST_F(ChangelogCellsTest, WhatWasSaidOfACustomerMovesToo) {
  {
    Instance a("a", &cluster_, &ledger_);
    a.Hear(Word::kAssign);
    cluster_.Put(Of("ann"),
                 R"({"type":"identify","userId":"ann","traits":{"tier":)"
                 R"("gold"},"timestamp":"2026-01-01T00:00:01Z"})");
    Fails("ann", 2);
    ASSERT_TRUE(a.observer.AwaitRecords(2));
    ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  }
  Instance b("b", &cluster_, &ledger_);
  b.Hear(Word::kAssign);
  Fails("ann", 3);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("gold-fails ann"));
}

TEST_F(ChangelogCellsTest, WhatIsKnownOfCustomersIsWhatTheChangelogKnows) {
  {
    Instance a("a", &cluster_, &ledger_);
    a.Hear(Word::kAssign);
    Fails("ann", 1);
    ASSERT_TRUE(a.observer.AwaitRecords(1));
    ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
    a.profiles.Restore("ann", {{"tier", {"\"gold\""}}});
    // Nobody else may keep what is somebody else's now.
    a.Hear(Word::kRevoke);
    a.Hear(Word::kAssign, {});
    EXPECT_TRUE(a.Await(
        [&a](const CellStoreHealth&) { return a.profiles.size() == 0; }));
  }
  // The ledger has heard of gold since.
  Instance b("b", &cluster_, &ledger_);
  b.profiles.Restore("ann", {{"tier", {"\"gold\""}}});
  b.Hear(Word::kAssign);
  for (int i = 2; i <= 3; ++i) Fails("ann", i);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
}

TEST_F(ChangelogCellsTest, WhatIsDamagedBeginsAnewLoudly) {
  {
    const std::lock_guard lock(cluster_.mutex);
    const std::uint32_t epoch = cluster_.broker.Init("x");
    const std::string head = PackHead({{1, 1, 1}, 99});
    cluster_.broker.Append("x", epoch, false, Of("ann"),
                           {"Dann", "bytes", head});
    cluster_.broker.End("x", epoch, true);
  }
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  for (int i = 1; i <= 3; ++i) Fails("ann", i);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("three-failures ann"));
  EXPECT_THAT(a.observer.AwaitLost(),
              ElementsAre("partition " + std::to_string(Of("ann")) +
                          ": a record is damaged"));
  EXPECT_TRUE(a.pipeline->Checkpoint(kLimit));
}

TEST_F(ChangelogCellsTest, CountsCustomersInPartitionsThatAreNotTheirs) {
  Instance a("a", &cluster_, &ledger_);
  a.Hear(Word::kAssign);
  for (int i = 0; i < 256; ++i) {
    cluster_.Put((Of("ann") + 1) % kPartitions, Event("ann", "seen", i));
  }
  ASSERT_TRUE(a.observer.AwaitRecords(256));
  EXPECT_EQ(a.observer.misplaced(), 4U);
}

TEST_F(ChangelogCellsTest, NewRulesHoldForCellsThatComeLater) {
  Instance a("a", &cluster_, &ledger_);
  a.pipeline->Use(RuleList(R"(
  - id: once
    title: Fails
    detect:
      event_count: {event: failed, gte: 1, within: 10m}
)"),
                  {});
  a.Hear(Word::kAssign);
  Fails("ann", 1);
  EXPECT_THAT(ledger_.Await(1), ElementsAre("once ann"));
}

constexpr char kTwice[] = R"(
  - id: twice
    title: Fails
    detect:
      event_count: {event: failed, gte: 2, within: 10m}
)";

// It has the rule before it has read how its customers are.
TEST_F(ChangelogCellsTest, NewRulesFindWhatTheFormerOwnerRemembered) {
  const std::string input = "events/" + std::to_string(Of("ann"));
  {
    Instance a("a", &cluster_, &ledger_);
    a.pipeline->Use(RuleList(kTwice), {});
    a.Hear(Word::kAssign);
    Fails("ann", 1);
    ASSERT_TRUE(a.observer.AwaitRecords(1));
    ASSERT_TRUE(a.pipeline->Checkpoint(kLimit));
  }
  {
    const std::lock_guard lock(cluster_.mutex);
    const std::uint32_t epoch = cluster_.broker.Init("dead");
    cluster_.broker.SendPositions("dead", epoch, cluster_.broker.generation,
                                  {{input, 7}});
  }
  Instance b("b", &cluster_, &ledger_);
  b.Hear(Word::kAssign);
  ASSERT_TRUE(b.Await([](const CellStoreHealth& health) {
    return health.waiting == 1 && health.cells == 3;
  }));
  b.pipeline->Use(RuleList(kTwice), {});
  std::string other = "b";
  while (Of(other) == Of("ann")) other += "b";
  Fails(other, 1);
  Fails(other, 2);
  ASSERT_THAT(ledger_.Await(1), ElementsAre("twice " + other));
  {
    const std::lock_guard lock(cluster_.mutex);
    cluster_.broker.TimeOut();
  }
  Fails("ann", 2);
  EXPECT_THAT(ledger_.Await(2), ElementsAre("twice ann", "twice " + other));
}

TEST_F(ChangelogCellsTest, WhatWasHeldBackMeetsNoRulesItWasNotDecodedFor) {
  Instance a("a", &cluster_, &ledger_, minutes(1));
  a.Hear(Word::kAssign);
  std::string event = Event("ann", "failed", 1);
  event.insert(event.size() - 1, R"(,"properties":{"amount":5})");
  cluster_.Put(Of("ann"), event);
  ASSERT_TRUE(a.observer.AwaitRecords(1));
  a.Hear(Word::kRevoke);
  ASSERT_TRUE(
      a.Await([&a](const CellStoreHealth&) { return a.IsElsewhere("ann"); }));
  a.pipeline->Use(RuleList(R"(
  - id: five
    title: Fails
    detect:
      event_count: {event: failed, where: {amount: 5}, gte: 1, within: 10m}
)"),
                  {});
  a.Hear(Word::kAssign);
  cluster_.Put(Of("ann"), Event("ann", "seen", 100));
  EXPECT_THAT(ledger_.Await(1), ElementsAre("five ann"));
}

}  // namespace
}  // namespace premura
