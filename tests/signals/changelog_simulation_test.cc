// SPDX-License-Identifier: Apache-2.0
// A group of instances in one thread, on a simulated log (simulated_log.h):
// their feeds, cells and changelogs are the real ones. Members are killed,
// paused and started again, partitions move, commits are torn, late and lost,
// at any step. What all of them find together is what one finds that was never
// disturbed, and so is the state that is left.
//
// PREMURA_SIMULATIONS in the environment: so many seeds instead of 1,000 (with
// sanitizers, 100). PREMURA_SEED: only that one.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/rule_set.h"
#include "signals/changelog.h"
#include "signals/changelog_cells.h"
#include "signals/source_feeds.h"
#include "tests/signals/stream.h"
#include "tests/support/holding_source.h"
#include "tests/support/quiet_observer.h"
#include "tests/support/simulated_log.h"

namespace premura {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint32_t kPartitions = 3;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 100;
#else
constexpr std::uint64_t kSeeds = 1000;
#endif
constexpr int kEvents = 60;  // Of each partition.
// So many records are too young for compaction (min.compaction.lag.ms). What is
// torn is put right in less, or it cannot be.
constexpr std::size_t kYoung = 250;

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
  - id: fails-and-is-gold
    title: Fails, and is dear to us
    only_for: {tier: gold}
    detect:
      event_count: {event: failed, gte: 2, within: 10m}
  - id: never-closed
    title: Opened and not closed
    detect:
      absence: {after: opened, without: closed, for: 7m}
  - id: to-and-fro
    title: On and off and on
    detect:
      flapping: {turned_on: opened, turned_off: closed, gte: 3, within: 30m}
)";

using Dice = std::mt19937_64;

std::uint64_t Below(Dice* dice, std::uint64_t limit) {
  return (*dice)() % limit;
}

// What is read, by partition: a little out of order, some of it twice.
using Input = std::vector<std::vector<std::string>>;

Input MakeInput(Dice* dice) {
  const std::vector<std::string> names = {"opened", "failed", "failed",
                                          "left",   "closed", "searched"};
  Input input(kPartitions);
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    auto second = static_cast<std::int64_t>(100 + Below(dice, 4000));
    for (int i = 0; i < kEvents; ++i) {
      second += static_cast<std::int64_t>(Below(dice, 60));
      const auto at = kStart + seconds(second) -
                      seconds(static_cast<std::int64_t>(Below(dice, 25)));
      const std::string customer = fmt::format("p{}-c{}", p, Below(dice, 4));
      if (Below(dice, 4) == 0) {
        input[p].push_back(fmt::format(
            R"({{"type":"identify","userId":"{}","timestamp":"{}","traits":{{"tier":"{}"}}}})",
            customer, FormatInstant(at), Below(dice, 2) == 0 ? "gold" : "tin"));
      }
      const std::string time = FormatInstant(at);
      input[p].push_back(fmt::format(
          R"({{"type":"track","userId":"{}","timestamp":"{}","event":"{}","messageId":"{}-{}","properties":{{"place":"p{}"}}}})",
          customer, time, names[Below(dice, names.size())], p, i,
          Below(dice, 5)));
      if (Below(dice, 8) == 0) input[p].push_back(input[p].back());
    }
  }
  return input;
}

// What has been found, by id.
class Found final : public OutputSink {
 public:
  void Submit(ShardOutput output, std::function<void()> durable) override {
    for (const Detection& each : output.detections) {
      const std::string text = ToJson(each);
      const auto [it, is_new] = told.emplace(each.id, text);
      EXPECT_EQ(it->second, text);
    }
    durable();
  }
  std::map<std::string, std::string> told;
};

// A shard in its caller's thread.
class DirectShard final : public Shard {
 public:
  DirectShard(std::shared_ptr<const RuleSet> rules, Found* found)
      : rules_(std::move(rules)), found_(found) {}

  void Open(CellId id, CellOptions options) override {
    Held& it = cells_[id];
    it.cell = std::make_unique<Cell>(1, rules_, &profiles_, &output_,
                                     std::move(options));
    it.cell->Set(Stall::kOfFew);
  }
  void Load(CellId id, CheckpointRecords customers) override {
    if (Cell* const cell = Find(id)) cell->Load(customers);
  }
  void LoadOwn(CellId id, std::string record, std::size_t spread) override {
    if (Cell* const cell = Find(id)) cell->LoadOwn(record, spread);
  }
  void EndLoading(CellId id, std::function<void(Status)> told) override {
    if (Cell* const cell = Find(id)) told(cell->EndLoading());
  }
  void Begin(CellId id) override {
    const auto it = cells_.find(id);
    if (it == cells_.end()) return;
    it->second.begun = true;
    it->second.cell->Set(Stall::kNone);
    HandOn();
  }
  void Pause(CellId id) override {
    if (const auto it = cells_.find(id); it != cells_.end()) {
      it->second.begun = false;
    }
  }
  void Drop(CellId id) override { cells_.erase(id); }
  void ForgetProfiles(CellId id) override {
    if (Cell* const cell = Find(id)) cell->ForgetProfiles();
  }
  void Take(CellId id, std::size_t source, EventBatch batch) override {
    if (Cell* const cell = Find(id)) cell->Take(source, &batch);
    HandOn();
  }
  void Forget(CellId id, std::uint32_t origin) override {
    if (Cell* const cell = Find(id)) cell->Forget(origin);
  }
  void SetMakingUp(CellId id, std::uint32_t origin, bool making_up) override {
    if (Cell* const cell = Find(id)) cell->SetMakingUp(origin, making_up);
  }
  void Mark(std::function<void()> reached) override { reached(); }
  void Save(std::function<void(ShardRecords)> saved,
            std::function<void()> durable) override {
    ShardRecords records;
    for (auto& [id, it] : cells_) {
      if (it.begun) records.cells.push_back(it.cell->Save(id));
    }
    saved(std::move(records));
    durable();
  }
  void Use(std::shared_ptr<const RuleSet> /*rules*/,
           Customers /*changed*/) override {}
  void Use(const SelfPreservation& /*bounds*/) override {}
  void Set(std::size_t /*source*/, Stall /*stall*/) override {}
  void Explain(std::string /*customer*/,
               std::function<void(CustomerStanding)> /*told*/) override {}
  EventBatch SpareBatch() override { return {}; }
  std::vector<EngineStats> Stats() const override { return {}; }
  void Close() override {}

 private:
  struct Held {
    std::unique_ptr<Cell> cell;
    bool begun = false;
  };
  Cell* Find(CellId id) {
    const auto it = cells_.find(id);
    return it == cells_.end() ? nullptr : it->second.cell.get();
  }
  void HandOn() {
    found_->Submit(std::exchange(output_, {}), [] {});
  }

  const std::shared_ptr<const RuleSet> rules_;
  Found* const found_;
  ProfileStore profiles_;
  ShardOutput output_;
  std::map<CellId, Held> cells_;
};

// Loads when it is told to.
class DirectCells final : public CellStore {
 public:
  DirectCells(Changelog* changelog, std::uint64_t* loaded, std::uint64_t* kept)
      : changelog_(changelog), loaded_(loaded), kept_(kept) {}

  std::uint32_t cells() const override { return kPartitions; }
  OwnsCustomer OwnerOf(std::uint32_t number) const override {
    return [this, number](std::string_view customer) {
      return CellOf(customer) == number;
    };
  }
  std::uint32_t CellOf(std::string_view customer) const override {
    return static_cast<std::uint32_t>(customer.at(1) - '0');  // "p2-c0"
  }
  void Load(Request request) override {
    waiting_.push_back(std::move(request));
  }
  void Drop(CellId cell) override {
    std::erase_if(waiting_,
                  [cell](const Request& it) { return it.cell == cell; });
    changelog_->Drop(cell);
  }
  CheckpointResult Write(const std::vector<CheckpointPart>& parts) override {
    return changelog_->Write(parts);
  }
  std::uint64_t size() const override { return 0; }
  void Close() override {}
  CellStoreHealth Health() const override { return {}; }

  void Step(bool impatient) {
    if (waiting_.empty()) return;
    Request request = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    if (request.kept) return GoOn(std::move(request), impatient);
    Changelog::Opened opened =
        changelog_->Open(request.cell, request.inputs, impatient, request.anew);
    if (!opened.waits.empty()) return waiting_.push_back(std::move(request));
    EXPECT_EQ(opened.damage, "");
    if (!opened.records.empty()) ++*loaded_;
    // What a ledger knows before the first commit may come from events that
    // are still to be read; here, nobody knows anything then.
    if (!opened.progress) request.shard->ForgetProfiles(request.cell);
    HandOverCell(request, std::move(opened));
  }

 private:
  void GoOn(Request request, bool impatient) {
    const Changelog::GoneOn gone_on =
        changelog_->GoOn(request.cell, request.inputs, impatient);
    if (!gone_on.waits.empty()) return waiting_.push_back(std::move(request));
    if (gone_on.ours) ++*kept_;
    request.told({.cell = request.cell, .kept = gone_on.ours});
  }

  Changelog* const changelog_;
  std::uint64_t* const loaded_;
  std::uint64_t* const kept_;
  std::vector<Request> waiting_;
};

class InputSource final : public HoldingSource {
 public:
  explicit InputSource(const Input* input) : input_(input) {}

  void Join(std::shared_ptr<const Membership> membership) {
    membership_ = std::move(membership);
  }
  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration /*wait*/) override {
    Polled polled;
    for (auto& [partition, next] : next_) {
      const std::vector<std::string>& all = (*input_)[partition];
      for (std::size_t i = 0; i < max && next < all.size(); ++i, ++next) {
        Record record;
        record.value = all[next];
        record.partition = partition;
        record.position = static_cast<std::int64_t>(next);
        sink->OnRecord(record);
        ++polled.records;
      }
    }
    return polled;
  }
  void Commit(const Positions& /*positions*/) override {}

  bool AtEnd() const {
    return std::all_of(next_.begin(), next_.end(), [this](const auto& it) {
      return it.second == (*input_)[it.first].size();
    });
  }
  std::size_t begun() const { return next_.size(); }

 private:
  const Input* const input_;
};

// A process ends in the middle of something.
struct Crash {};

struct World {
  bool Roll(int n) {
    return !calm && Below(&dice, static_cast<std::uint64_t>(n)) == 0;
  }
  // Two calls of a transaction.
  void Between() {
    if (Roll(8)) (void)broker.DeliverLate(dice());
    if (Roll(400)) broker.TimeOut();
    if (Roll(400)) ++broker.generation;
    if (Roll(400)) throw Crash();
  }

  Input input;
  SimulatedBroker broker{kPartitions};
  std::shared_ptr<const RuleSet> rules;
  Dice dice;
  bool calm = false;  // No more faults.
  // What has happened, so that a test of nothing does not pass.
  std::uint64_t torn = 0;
  std::uint64_t fenced = 0;
  std::uint64_t tried_again = 0;
  std::uint64_t loaded = 0;  // With what an earlier owner knew.
  std::uint64_t kept = 0;    // Went on as they were.
};

// An instance, as one life of its process.
class Member final : private RecordSink, private Feed::Listener {
 public:
  Member(std::string name, World* world, Found* found)
      : world_(world),
        log_(
            std::move(name), &world->broker,
            [world](int n) { return world->Roll(n); },
            [world] { world->Between(); }),
        changelog_(&log_,
                   {.partitions = kPartitions,
                    .random =
                        [world] {
                          return static_cast<std::uint32_t>(world->dice());
                        }}),
        cells_(&changelog_, &world->loaded, &world->kept),
        shard_(world->rules, found),
        source_(&world->input),
        decoder_(NewEventDecoder(Segment()).value()) {
    decoder_->Use(&world->rules->symbols());
    SourceFeedsOptions options;
    options.id = "events";
    options.intake.allowed_lateness = minutes(1);
    options.intake.reorder = reorder();
    options.shards = {&shard_};
    options.source = &source_;
    options.decoder = decoder_.get();
    options.listener = this;
    options.observer = &observer_;
    options.cells = &cells_;
    feeds_ = NewCellFeeds(options);
    changelog_.Begin();
  }

  ~Member() override {
    world_->torn += changelog_.counts().torn;
    world_->fenced += changelog_.counts().fenced;
  }

  // What a group's generation gives it.
  void Assign(const std::set<std::uint32_t>& partitions,
              std::uint64_t generation) {
    source_.Join(std::make_shared<SimulatedMembership>(generation));
    for (const std::uint32_t each : partitions) feeds_->Assign(each, {});
    mine_ = partitions;
  }
  void Revoke() {
    for (const std::uint32_t each : mine_) feeds_->Revoke(each);
    mine_.clear();
  }

  // As a source does: not as soon as a cut is void.
  void Load(bool impatient) {
    if (std::exchange(void_, false)) feeds_->StartOver();
    cells_.Step(impatient);
    feeds_->Serve([](const StallRecord&) {});
  }
  void Read(std::size_t max) {
    EXPECT_TRUE(source_.Poll(this, max, {}).ok());
    for (Feed* feed : feeds_->All()) feed->Flush();
  }
  // While one is being written, what has been said waits for the next.
  void Cut() {
    std::vector<CheckpointPart> said = feeds_->WriteDown({});
    std::move(said.begin(), said.end(), std::back_inserter(said_));
    if (!parts_.empty()) return;
    parts_ = std::exchange(said_, {});
    feeds_->OnCut();
    shard_.Save(
        [this](ShardRecords records) {
          for (CellRecords& it : records.cells) {
            it.customers.Add(RecordKind::kEngine, "0", it.own);
            parts_.push_back(
                {.cell = it.cell, .records = std::move(it.customers)});
          }
        },
        [] {});
  }
  // Whether nothing is left to be written.
  bool Write() {
    if (parts_.empty()) return true;
    const CheckpointResult result = cells_.Write(parts_);
    if (result.fate == CheckpointResult::Fate::kTryAgain) {
      ++world_->tried_again;
      return false;
    }
    parts_.clear();
    if (result.fate == CheckpointResult::Fate::kVoid) void_ = true;
    return true;
  }
  bool Done() const {
    return source_.begun() == mine_.size() && source_.AtEnd();
  }

  static DecoderOptions Segment() {
    DecoderOptions options;
    options.preset = Preset::kSegment;
    options.customer_is_user = true;
    return options;
  }

  static Duration& reorder() {
    static Duration duration{};
    return duration;
  }

 private:
  void OnRecord(const Record& record) override {
    Feed* const feed = feeds_->Of(record.partition);
    if (feed != nullptr) feed->Take(record, {});
  }
  void OnAssigned(std::uint32_t, const PartitionStart&) override {}
  void OnRevoked(std::uint32_t) override {}
  void OnCaughtUp(std::uint32_t) override {}
  void OnRevoking(Duration) override {}
  void OnEvent(const Event&, bool) override {}
  void OnRefused(const Record& record, Refusal, std::string_view) override {
    ADD_FAILURE() << record.value;
  }
  PipelineObserver::Counts* counts() override { return &counts_; }
  void OnHandedOn() override {}

  World* const world_;
  SimulatedLog log_;
  Changelog changelog_;
  DirectCells cells_;
  DirectShard shard_;
  InputSource source_;
  const std::unique_ptr<EventDecoder> decoder_;
  QuietObserver observer_;
  PipelineObserver::Counts counts_;
  std::set<std::uint32_t> mine_;
  std::vector<CheckpointPart> said_;   // By feeds, and in no cut.
  std::vector<CheckpointPart> parts_;  // Not written yet.
  bool void_ = false;                  // The last cut, and not started over.
  std::unique_ptr<SourceFeeds> feeds_;
};

// What is known at the end, of customers, by partition.
using Left = std::vector<std::map<std::string, std::string>>;

Left StateOf(const SimulatedBroker& broker) {
  Left left;
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    ChangelogFold fold;
    broker.Read(p, 0, broker.EndsOf(p).stable,
                [&fold](const LogRecord& record) { fold.Take(record); });
    FoldedChangelog folded = fold.Finish();
    EXPECT_EQ(folded.damage, "");
    std::map<std::string, std::string>& all = left.emplace_back();
    for (const auto& [key, bytes] : folded.records) {
      if (key.front() == static_cast<char>(RecordKind::kCustomer)) {
        all.emplace(key, bytes);
      }
    }
    if (folded.progress) {
      all["position"] = std::to_string(
          folded.progress->positions.at("events/" + std::to_string(p)));
    }
  }
  return left;
}

class Group {
 public:
  Group(World* world, Found* found, std::size_t members)
      : world_(world), found_(found), members_(members) {
    for (std::size_t i = 0; i < members; ++i) Start(i);
    Rebalance(false);
  }

  // One step of someone, or of fate.
  void Step() {
    Dice* const dice = &world_->dice;
    Member* const member = Any();
    switch (Below(dice, 48)) {
      case 0:
        return Kill(Below(dice, members_.size()));
      case 1:
        return Rebalance(true);
      case 2:
        (void)world_->broker.DeliverLate((*dice)());
        return;
      case 3:
        return world_->broker.Compact(
            static_cast<std::uint32_t>(Below(dice, kPartitions)), kYoung);
      case 4:
        return world_->broker.TimeOut();
      default:
        break;
    }
    if (member != nullptr) StepOf(member);
  }

  void StepOf(Member* member) {
    Dice* const dice = &world_->dice;
    switch (Below(dice, 4)) {
      case 0:
        return member->Load(Below(dice, 4) == 0);
      case 1:
        return member->Read(1 + Below(dice, 6));
      case 2:
        return member->Cut();
      default:
        return Write(member);
    }
  }

  void Write(Member* member) {
    try {
      (void)member->Write();
    } catch (const Crash&) {
      std::erase_if(zombies_,
                    [member](const auto& it) { return it.get() == member; });
      for (auto& it : members_) {
        if (it.get() == member) it.reset();
      }
    }
  }

  // All that has been left undone, without faults.
  void Finish() {
    world_->calm = true;
    while (world_->broker.DeliverLate(0)) {
    }
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!members_[i]) Start(i);
    }
    // Whoever is late says its last words first.
    for (const auto& one : zombies_) (void)one->Write();
    zombies_.clear();
    world_->broker.TimeOut();
    Rebalance(false);
    for (int i = 0; i < 20; ++i) {
      for (const auto& member : members_) {
        member->Load(true);
        member->Read(20);
        member->Cut();
        (void)member->Write();
      }
    }
    for (const auto& member : members_) EXPECT_TRUE(member->Done());
  }

 private:
  Member* Any() {
    std::vector<Member*> all;
    for (const auto& it : members_) {
      if (it) all.push_back(it.get());
    }
    for (const auto& it : zombies_) all.push_back(it.get());
    return all.empty() ? nullptr : all[Below(&world_->dice, all.size())];
  }

  void Start(std::size_t i) {
    members_[i] =
        std::make_unique<Member>("member-" + std::to_string(i), world_, found_);
  }

  // Nobody is told: its partitions stay without an owner until a rebalance.
  void Kill(std::size_t i) { members_[i].reset(); }

  // Members that live give back in order, or do not hear of it and go on as if
  // nothing were.
  void Rebalance(bool zombies) {
    Dice* const dice = &world_->dice;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i] && zombies && Below(dice, 4) == 0) {
        zombies_.push_back(std::move(members_[i]));
      }
      if (!members_[i]) {
        if (Below(dice, 2) == 0 || !zombies) Start(i);
        continue;
      }
      if (Below(dice, 2) == 0) members_[i]->Cut();
      if (Below(dice, 2) == 0) Write(members_[i].get());
      if (members_[i]) members_[i]->Revoke();
      // Who is given back to is not there yet.
      if (members_[i] && Below(dice, 2) == 0) members_[i]->Cut();
      if (members_[i] && Below(dice, 2) == 0) Write(members_[i].get());
    }
    while (zombies_.size() > 3) zombies_.erase(zombies_.begin());
    ++world_->broker.generation;
    std::vector<std::set<std::uint32_t>> shares(members_.size());
    std::vector<std::size_t> alive;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i]) alive.push_back(i);
    }
    if (alive.empty()) return;
    // Half of them stay where they were, if they can.
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      const bool stays = Below(dice, 2) == 0 && members_[owners_[p]];
      if (!stays) owners_[p] = alive[Below(dice, alive.size())];
      shares[owners_[p]].insert(p);
    }
    for (const std::size_t i : alive) {
      members_[i]->Assign(shares[i], world_->broker.generation);
    }
  }

  World* const world_;
  Found* const found_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::unique_ptr<Member>> zombies_;
  std::vector<std::size_t> owners_ = std::vector<std::size_t>(kPartitions);
};

struct Outcome {
  std::map<std::string, std::string> told;
  Left left;
};

Outcome Simulate(std::uint64_t seed, bool disturbed, World* happened) {
  World world;
  world.rules = Rules(kRules);
  Dice input(seed);
  world.input = MakeInput(&input);
  Member::reorder() = seed % 3 == 0 ? Duration(seconds(20)) : Duration{};
  world.dice.seed(seed + 1);
  world.calm = !disturbed;
  Found found;
  {
    Group group(&world, &found, disturbed ? 3 : 1);
    for (int i = 0; disturbed && i < 700; ++i) group.Step();
    group.Finish();
  }
  happened->torn += world.torn;
  happened->fenced += world.fenced;
  happened->tried_again += world.tried_again;
  happened->loaded += world.loaded;
  happened->kept += world.kept;
  return {std::move(found.told), StateOf(world.broker)};
}

// What only the first has.
std::string Beyond(const std::map<std::string, std::string>& all,
                   const std::map<std::string, std::string>& known) {
  std::string beyond;
  for (const auto& [id, text] : all) {
    const auto it = known.find(id);
    if (it == known.end() || it->second != text) beyond += text + "\n";
  }
  return beyond;
}

std::uint64_t CountOf(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(ChangelogSimulation, FindsWhatOneThatWasNeverDisturbedFinds) {
  const std::uint64_t fixed = CountOf("PREMURA_SEED", 0);
  const std::uint64_t first = fixed > 0 ? fixed : 1;
  const std::uint64_t last =
      fixed > 0 ? fixed : CountOf("PREMURA_SIMULATIONS", kSeeds);
  std::size_t told = 0;
  World happened;
  World nothing;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(fmt::format("replay with PREMURA_SEED={}", seed));
    const Outcome calm = Simulate(seed, false, &nothing);
    const Outcome stormy = Simulate(seed, true, &happened);
    told += calm.told.size();
    EXPECT_EQ(Beyond(stormy.told, calm.told), "") << "was found besides";
    EXPECT_EQ(Beyond(calm.told, stormy.told), "") << "was not found";
    EXPECT_EQ(stormy.left, calm.left);
    if (HasFailure()) return;
  }
  RecordProperty("torn", static_cast<int>(happened.torn));
  RecordProperty("fenced", static_cast<int>(happened.fenced));
  RecordProperty("tried_again", static_cast<int>(happened.tried_again));
  RecordProperty("loaded", static_cast<int>(happened.loaded));
  RecordProperty("kept", static_cast<int>(happened.kept));
  if (last - first < 100) return;
  EXPECT_GT(told, last);
  EXPECT_GT(happened.torn, last / 100);
  EXPECT_GT(happened.fenced, last);
  EXPECT_GT(happened.tried_again, last);
  EXPECT_GT(happened.loaded, last);
  EXPECT_GT(happened.kept, last / 2);
}

}  // namespace
}  // namespace premura
