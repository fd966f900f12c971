// SPDX-License-Identifier: Apache-2.0
// Pipelines that end anywhere and go on from a checkpoint: what they find, all
// of them together, is what one that was never disturbed finds.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "rules/rule_set.h"
#include "signals/pipeline.h"
#include "tests/signals/stream.h"
#include "tests/support/memory_checkpoints.h"
#include "tests/support/quiet_observer.h"
#include "tests/support/tape.h"

namespace premura {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration kLimit = seconds(20);

constexpr char kRules[] = R"(
version: 1
rules:
  - id: fails-again
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
  - id: fails-in-places
    title: Fails in several places
    detect:
      value_count: {event: failed, field: place, gte: 3, within: 15m}
  - id: gives-up
    title: Opens, fails, and leaves
    detect:
      sequence: {steps: [opened, failed, left], within: 20m}
  - id: never-closed
    title: Opened and not closed
    detect:
      absence: {after: opened, without: closed, for: 7m}
  - id: to-and-fro
    title: On and off and on
    detect:
      flapping: {turned_on: opened, turned_off: closed, gte: 3, within: 30m}
  - id: in-trouble
    title: Many things at once
    detect:
      score:
        signals:
          - {detection: gives-up, weight: 3}
          - {event: failed, weight: 1}
        gte: 6
        reset_below: 2
        half_life: 20m
  - id: fails-on-trial
    title: Fails while nobody pays
    detect:
      event_count:
        event: failed
        where: {customer.tier: trial}
        gte: 2
        within: 10m
)";

// Keeps what it is told, by id, until it is frozen: then it is a disk that is
// never written again.
class Ledger final : public OutputSink {
 public:
  void Submit(ShardOutput output, std::function<void()> durable) override {
    {
      const std::lock_guard lock(mutex_);
      if (frozen_) return;
      for (const Detection& each : output.detections) {
        const std::string text = ToJson(each);
        const auto [it, is_new] = told_.emplace(each.id, text);
        EXPECT_EQ(it->second, text);
      }
      for (const ProfileChange& change : output.profiles) {
        profiles_.push_back(change.customer);
        MergeSaid(change, &said_[change.customer]);
      }
    }
    durable();
  }

  void SetFrozen(bool frozen) {
    const std::lock_guard lock(mutex_);
    frozen_ = frozen;
  }
  std::map<std::string, std::string> told() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  std::vector<std::string> profiles() const {
    const std::lock_guard lock(mutex_);
    return profiles_;
  }
  std::map<std::string, SaidByEvents> said() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> told_;
  std::vector<std::string> profiles_;
  std::map<std::string, SaidByEvents> said_;
  bool frozen_ = false;
};

class NoLetters final : public DeadLetterSink {
 public:
  Status Keep(const std::string&, const std::string&, const Record&, Refusal,
              std::string_view) override {
    return {};
  }
  Status Sync() override { return {}; }
};

class Observer final : public QuietObserver {
 public:
  void OnCounts(const std::string&, const Counts& counts) override {
    const std::lock_guard lock(mutex_);
    duplicates += counts.duplicates;
  }
  void OnEnded(const std::string&, const std::string&) override {
    const std::lock_guard lock(mutex_);
    ++ended;
    changed_.notify_all();
  }
  void OnCheckpoint(const CheckpointReport& report) override {
    const std::lock_guard lock(mutex_);
    reports.push_back(report);
  }
  void OnStateLost(const std::string& source, const std::string& origin,
                   const std::string& why) override {
    const std::lock_guard lock(mutex_);
    lost.push_back(source + " " + origin + ": " + why);
  }
  bool AwaitEnds(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return ended >= count; });
  }

  std::uint64_t duplicates = 0;
  int ended = 0;
  std::vector<CheckpointReport> reports;
  std::vector<std::string> lost;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// One process' life. What outlives it is the test's.
struct World {
  std::vector<std::unique_ptr<Tape>> tapes;
  MemoryCheckpoints store;
  Ledger ledger;
  std::shared_ptr<const RuleSet> rules = Rules(kRules);
  Duration reorder{};
  std::uint32_t partitions = 2;
  Duration every = std::chrono::hours(1);  // Checkpoints by themselves.
};

class Life {
 public:
  Life(World* world, int shards, std::int64_t made_up = 0) : world_(world) {
    PipelineOptions options;
    options.shards = shards;
    options.commit_every = milliseconds(20);
    options.batch_records = 8;
    options.checkpoints = &world->store;
    options.checkpoint_every = world->every;
    options.now = [this] { return kStart + milliseconds(++ticks_); };
    for (auto& [customer, said] : world->ledger.said()) {
      profiles.Restore(customer, said);
    }
    std::vector<PipelineSource> sources;
    for (std::size_t i = 0; i < world->tapes.size(); ++i) {
      PipelineSource& source = sources.emplace_back();
      source.id = "source-" + std::to_string(i);
      source.source = std::make_unique<TapeSource>(
          source.id, world->partitions, world->tapes[i].get(), made_up);
      DecoderOptions decoder;
      decoder.mapping.profile = {{"tier", {"tier"}}};
      source.decoder = NewEventDecoder(decoder).value();
      source.intake.allowed_lateness = minutes(1);
      source.intake.reorder = world->reorder;
    }
    pipeline = NewPipeline(std::move(options), std::move(sources), world->rules,
                           &profiles, &world->ledger, &letters_, &observer);
  }

  void Start() {
    const Status restored = pipeline->Restore(nullptr);
    ASSERT_TRUE(restored.ok()) << restored.error().message;
    pipeline->Start();
  }
  // Plays all tapes to these places.
  void Play(const std::vector<std::size_t>& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      EXPECT_TRUE(world_->tapes[i]->Play(counts[i]));
    }
  }
  void PlayToTheEnd() {
    for (const auto& tape : world_->tapes) {
      tape->End();
      EXPECT_TRUE(tape->Play(tape->size()));
    }
    EXPECT_TRUE(observer.AwaitEnds(static_cast<int>(world_->tapes.size())));
    pipeline->Stop(kLimit);
  }

 private:
  World* const world_;
  NoLetters letters_;
  std::atomic<std::int64_t> ticks_ = 0;

 public:
  Observer observer;
  ProfileStore profiles;
  std::unique_ptr<Pipeline> pipeline;  // Last: it uses the others.
};

std::string Json(const std::string& customer, const std::string& event,
                 std::int64_t second, const std::string& more = "") {
  return fmt::format(
      R"({{"customer":"{}","event":"{}","ts":{}{}}})", customer, event,
      (kStart + seconds(second)).time_since_epoch().count(), more);
}

// An hour or two in the life of some customers of the source, a little out of
// order, some events twice.
void Record(std::mt19937_64* random, const std::string& source,
            std::uint32_t partitions, Tape* tape) {
  const auto below = [random](std::uint64_t limit) {
    return static_cast<std::int64_t>((*random)() % limit);
  };
  const std::vector<std::string> names = {"opened", "failed", "failed",
                                          "left",   "closed", "searched"};
  std::vector<std::pair<std::uint32_t, std::string>> sent;
  std::int64_t second = 100;
  for (int i = 0; i < 400; ++i) {
    second += below(30);
    const auto number = static_cast<std::uint32_t>(below(12));
    const std::string customer = fmt::format("{}-c{}", source, number);
    const auto id = [&, has = below(2) == 0](const char* more) {
      return has ? fmt::format(R"(,"id":"{}-{}{}")", source, i, more) : "";
    };
    std::string text =
        Json(customer, names[static_cast<std::size_t>(below(names.size()))],
             second - below(25),
             fmt::format(R"({},"place":"p{}")", id(""), below(5)));
    if (below(10) == 0) {  // A record of two events.
      text = "[" + text + "," +
             Json(customer, "failed", second - below(25), id("b")) + "]";
    }
    if (below(6) == 0) {
      text = Json(customer, "identify", second - below(25),
                  below(2) == 0 ? R"(,"tier":"trial")" : R"(,"tier":"paid")");
    }
    sent.emplace_back(number % partitions, text);
    tape->Add(sent.back().first, sent.back().second);
    if (below(8) == 0) {
      const auto& again = sent[sent.size() - 1 -
                               static_cast<std::size_t>(below(
                                   std::min<std::size_t>(sent.size(), 20)))];
      tape->Add(again.first, again.second);
    }
  }
}

struct Shape {
  std::size_t sources = 1;
  std::uint32_t partitions = 2;
  Duration reorder{};
};

void RecordAll(std::uint64_t seed, const Shape& shape, World* world) {
  std::mt19937_64 random(seed);
  world->partitions = shape.partitions;
  world->reorder = shape.reorder;
  for (std::size_t i = 0; i < shape.sources; ++i) {
    world->tapes.push_back(std::make_unique<Tape>());
    Record(&random, "s" + std::to_string(i), shape.partitions,
           world->tapes.back().get());
  }
}

// A life that reads from `at` to somewhere on, with a checkpoint or two on its
// way, and ends in order or not. `at`: how far it has been read at most.
void LiveAWhile(std::mt19937_64* random, World* world,
                std::vector<std::size_t>* at) {
  Life life(world, 1 + static_cast<int>((*random)() % 4));
  life.Start();
  world->ledger.SetFrozen(false);
  const auto move = [&] {
    for (std::size_t i = 0; i < at->size(); ++i) {
      (*at)[i] = std::min(world->tapes[i]->size(), (*at)[i] + (*random)() % 90);
    }
    life.Play(*at);
  };
  for (auto checkpoints = (*random)() % 3; checkpoints > 0; --checkpoints) {
    move();
    EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
  }
  move();
  switch ((*random)() % 3) {
    case 0:
      life.pipeline->Stop(kLimit);
      break;
    case 1:  // Dies, but the ledger has all it has found.
      break;
    default:  // Dies, and the ledger has less.
      world->ledger.SetFrozen(true);
      move();
  }
}

std::ptrdiff_t CountOf(const std::string& rule,
                       const std::map<std::string, std::string>& told) {
  return std::count_if(told.begin(), told.end(), [&rule](const auto& each) {
    return each.second.find("\"" + rule + "\"") != std::string::npos;
  });
}

void LiveAndWriteDown(World* world) {
  Life life(world, 1);
  life.Start();
  EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
}

class RestartTest : public testing::TestWithParam<Shape> {};

TEST_P(RestartTest, ManyLivesFindWhatOneFinds) {
  // PREMURA_SEED replays one.
  const char* const fixed = std::getenv("PREMURA_SEED");
  std::uint64_t seed = fixed ? std::strtoull(fixed, nullptr, 10) : 1;
  for (const std::uint64_t end = seed + (fixed ? 1 : 6); seed < end; ++seed) {
    SCOPED_TRACE(seed);
    World one, many;
    RecordAll(seed, GetParam(), &one);
    RecordAll(seed, GetParam(), &many);
    Life undisturbed(&one, 2);
    undisturbed.Start();
    undisturbed.PlayToTheEnd();
    ASSERT_GT(one.ledger.told().size(), 20U);
    ASSERT_FALSE(one.ledger.said().empty());
    ASSERT_GT(CountOf("fails-on-trial", one.ledger.told()), 0);

    std::mt19937_64 random(seed);
    std::vector<std::size_t> at(many.tapes.size());
    // Before the first checkpoint of all, what was known of customers before an
    // event can only be taken from the ledger, which knows what came after it.
    LiveAndWriteDown(&many);
    for (int lives = 0; lives < 5; ++lives) LiveAWhile(&random, &many, &at);
    many.ledger.SetFrozen(false);
    Life last(&many, 3);
    last.Start();
    last.PlayToTheEnd();
    EXPECT_EQ(many.ledger.told(), one.ledger.told());
    EXPECT_EQ(many.ledger.said(), one.ledger.said());
    EXPECT_THAT(last.observer.lost, IsEmpty());
    for (std::size_t i = 0; i < many.tapes.size(); ++i) {
      EXPECT_EQ(many.tapes[i]->Committed(), one.tapes[i]->Committed());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, RestartTest,
    testing::Values(Shape{}, Shape{.partitions = 1, .reorder = seconds(40)},
                    Shape{.partitions = 3, .reorder = seconds(40)},
                    Shape{.sources = 2}));

// --- One thing at a time -----------------------------------------------------

class OneSourceTest : public testing::Test {
 protected:
  OneSourceTest() {
    world_.tapes.push_back(std::make_unique<Tape>());
    world_.partitions = 1;
  }
  Tape& tape() { return *world_.tapes[0]; }

  // How often each rule has found something.
  std::map<std::string, int> Told() const {
    std::map<std::string, int> counts;
    for (const auto& [id, json] : world_.ledger.told()) {
      const std::size_t begin = json.find(R"("rule":")") + 8;
      ++counts[json.substr(begin, json.find('"', begin) - begin)];
    }
    return counts;
  }

  World world_;
};

TEST_F(OneSourceTest, TwoBeforeAndOneAfter) {
  for (int i = 0; i < 3; ++i) tape().Add(0, Json("acme", "failed", 60 * i));
  {
    Life life(&world_, 1);
    life.Start();
    life.Play({2});
    life.pipeline->Stop(kLimit);
    EXPECT_EQ(tape().Committed(), tape().PositionsOf(2));
  }
  Life life(&world_, 1);
  life.Start();
  life.PlayToTheEnd();
  EXPECT_EQ(Told(), (std::map<std::string, int>{{"fails-again", 1}}));
}

TEST_F(OneSourceTest, PositionsFollowTheCheckpointAndNotTheLedger) {
  for (int i = 0; i < 40; ++i) tape().Add(0, Json("acme", "failed", i));
  Life life(&world_, 2);
  life.Start();
  life.Play({20});
  EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
  life.Play({40});
  life.pipeline.reset();
  const std::int64_t committed = tape().Committed()[0];
  EXPECT_TRUE(committed == 0 || committed == 20) << committed;
}

TEST_F(OneSourceTest, WritesByItselfNowAndThen) {
  world_.every = milliseconds(1);
  tape().Add(0, Json("acme", "failed", 0));
  Life life(&world_, 1);
  life.Start();
  life.Play({1});
  EXPECT_TRUE(world_.store.AwaitTries(3));
  life.pipeline->Stop(kLimit);
  EXPECT_EQ(tape().Committed(), tape().PositionsOf(1));
}

TEST_F(OneSourceTest, AStoreThatFailsStopsNothingAndIsTriedAgain) {
  for (int i = 0; i < 6; ++i) tape().Add(0, Json("acme", "failed", i));
  world_.every = milliseconds(1);
  world_.store.SetFails(true);
  Life life(&world_, 1);
  life.Start();
  life.Play({6});
  EXPECT_TRUE(world_.store.AwaitTries(2));
  EXPECT_TRUE(tape().Committed().empty());
  world_.store.SetFails(false);
  EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
  life.pipeline->Stop(kLimit);
  EXPECT_EQ(life.observer.reports.front().problem, "disk full");
  EXPECT_EQ(life.observer.reports.back().problem, "");
  EXPECT_GT(life.observer.reports.back().bytes, 0U);
  EXPECT_EQ(Told(), (std::map<std::string, int>{{"fails-again", 2}}));
  EXPECT_EQ(tape().Committed(), tape().PositionsOf(6));
}

TEST_F(OneSourceTest, StopsWithinItsLimitThoughTheStoreFails) {
  tape().Add(0, Json("acme", "failed", 0));
  world_.store.SetFails(true);
  Life life(&world_, 1);
  life.Start();
  life.Play({1});
  life.pipeline->Stop(milliseconds(200));
  EXPECT_TRUE(tape().Committed().empty());
}

TEST_F(OneSourceTest, SaysWhichRecordIsDamaged) {
  tape().Add(0, Json("acme", "failed", 0, R"(,"id":"one")"));
  tape().Add(0, Json("acme", "identify", 1, R"(,"tier":"trial")"));
  {
    Life life(&world_, 1);
    life.Start();
    life.Play({2});
    life.pipeline->Stop(kLimit);
  }
  const auto records = world_.store.records();
  std::set<RecordKind> kinds;
  for (const auto& [key, bytes] : records) {
    kinds.insert(key.first);
    world_.store.Set(key.first, key.second, bytes.substr(0, bytes.size() - 1));
    Life life(&world_, 2);
    const Status restored = life.pipeline->Restore(nullptr);
    ASSERT_FALSE(restored.ok()) << key.second;
    switch (key.first) {
      case RecordKind::kSource:
        EXPECT_EQ(restored.error().message,
                  "the record of source-0 is damaged");
        break;
      case RecordKind::kSeen:
        EXPECT_EQ(restored.error().message,
                  "what source source-0 remembers is damaged");
        break;
      case RecordKind::kCustomer:
        EXPECT_THAT(restored.error().message,
                    testing::StartsWith("customer acme: "));
        break;
      case RecordKind::kProfile:
        EXPECT_EQ(restored.error().message,
                  key.second.empty()
                      ? "the record of what is known of customers is damaged"
                      : "customer acme: its profile is damaged");
        break;
      case RecordKind::kEngine:
        break;
    }
    world_.store.Set(key.first, key.second, bytes);
  }
  EXPECT_EQ(kinds.size(), 5U);
}

TEST_F(OneSourceTest, TellsHowFarItIs) {
  for (int i = 0; i < 30; ++i) {
    tape().Add(0, Json("c" + std::to_string(i), "failed", i));
  }
  {
    Life life(&world_, 1);
    life.Start();
    life.Play({30});
    life.pipeline->Stop(kLimit);
  }
  Life life(&world_, 1);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  ASSERT_TRUE(life.pipeline
                  ->Restore([&told](std::uint64_t done, std::uint64_t total) {
                    told.emplace_back(done, total);
                  })
                  .ok());
  ASSERT_EQ(told.size(), world_.store.size());
  EXPECT_EQ(told.back(), std::pair(world_.store.size(), world_.store.size()));
  std::size_t customers = 0;
  for (const EngineStats& shard : life.pipeline->Health().cells) {
    customers += shard.customers;
  }
  EXPECT_EQ(customers, 30U);
}

// Of records that an earlier life had read, and of which it kept no checkpoint:
// what they make the rules find, and say of customers, it has told.
TEST_F(OneSourceTest, WhatIsMadeUpForIsNotToldAgain) {
  tape().Add(0, R"({"type":"identify","customer":"acme","traits":{"a":1}})");
  for (int i = 0; i < 5; ++i) tape().Add(0, Json("acme", "failed", 60 * i));
  Life life(&world_, 2, 5);
  life.Start();
  life.PlayToTheEnd();
  // The first three are spent, the next two and what comes are not.
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(world_.ledger.profiles(), IsEmpty());
}

TEST_F(OneSourceTest, WhatIsMadeUpForCountsTowardsWhatComes) {
  for (int i = 0; i < 3; ++i) tape().Add(0, Json("acme", "failed", 60 * i));
  {
    Life life(&world_, 2, 2);
    life.Start();
    life.Play({1});
    life.pipeline->Stop(kLimit);
    // An earlier life has committed more.
    EXPECT_TRUE(tape().Committed().empty());
  }
  Life life(&world_, 1, 2);
  life.Start();
  life.PlayToTheEnd();
  EXPECT_EQ(Told(), (std::map<std::string, int>{{"fails-again", 1}}));
  EXPECT_EQ(tape().Committed(), tape().PositionsOf(3));
}

// The checkpoint is older than what an earlier life has told of the customer.
TEST_F(OneSourceTest, WhatIsMadeUpForIsSeenByTheRules) {
  tape().Add(0, Json("acme", "identify", 1, R"(,"tier":"trial")"));
  tape().Add(0, Json("acme", "identify", 2, R"(,"tier":"paid")"));
  for (const int second : {3, 4}) tape().Add(0, Json("acme", "failed", second));
  {
    Life life(&world_, 1);
    life.Start();
    life.Play({1});
    EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
    life.pipeline->Stop(kLimit);
  }
  Life life(&world_, 1, 2);
  life.Start();
  life.PlayToTheEnd();
  EXPECT_EQ(life.profiles.Get("acme")->Text("tier"), "paid");
  EXPECT_THAT(Told(), IsEmpty()) << "nobody fails on trial";
}

TEST_F(OneSourceTest, ASourceThatIsGoneTakesItsCustomersWithIt) {
  world_.tapes.push_back(std::make_unique<Tape>());
  for (int i = 0; i < 2; ++i) {
    tape().Add(0, Json("acme", "failed", 60 * i,
                       R"(,"id":"a)" + std::to_string(i) + '"'));
    world_.tapes[1]->Add(0, Json("globex", "failed", 60 * i,
                                 R"(,"id":"b)" + std::to_string(i) + '"'));
  }
  {
    Life life(&world_, 2);
    life.Start();
    life.Play({2, 2});
    life.pipeline->Stop(kLimit);
  }
  world_.tapes.pop_back();
  Life life(&world_, 2);
  life.Start();
  life.Play({2});
  EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
  life.pipeline->Stop(kLimit);
  EXPECT_THAT(life.observer.lost,
              ElementsAre("source-1 source-1/0: its source is not configured "
                          "any more"));
  for (const auto& [key, bytes] : world_.store.records()) {
    EXPECT_FALSE(key.second == "globex" || key.second.starts_with("source-1"))
        << key.second;
  }
}

// Else the clock of what is read would go by its customers.
TEST_F(OneSourceTest, APartitionThatDoesNotComeIsGoneOnceAnotherHasEnded) {
  tape().Add(0, Json("acme", "failed", 0, R"(,"id":"a")"));
  tape().Add(1, Json("globex", "failed", 0, R"(,"id":"b")"));
  {
    Life life(&world_, 2);
    life.Start();
    life.Play({2});
    life.pipeline->Stop(kLimit);
  }
  world_.partitions = 1;
  tape().tells_end = true;
  Life life(&world_, 2);
  life.Start();
  life.Play({2});  // Known already.
  EXPECT_TRUE(life.pipeline->Checkpoint(kLimit));
  life.pipeline->Stop(kLimit);
  EXPECT_THAT(life.observer.lost,
              ElementsAre("source-0 source-0/1: it is not read here any more"));
}

TEST_F(OneSourceTest, FewerShardsLeaveNoRecordBehind) {
  tape().Add(0, Json("acme", "failed", 0));
  for (const int shards : {4, 2}) {
    Life life(&world_, shards);
    life.Start();
    life.Play({1});
    life.pipeline->Stop(kLimit);
    int engines = 0;
    for (const auto& [key, bytes] : world_.store.records()) {
      if (key.first == RecordKind::kEngine) ++engines;
    }
    EXPECT_EQ(engines, shards);
  }
}

}  // namespace
}  // namespace premura
