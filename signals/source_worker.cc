// SPDX-License-Identifier: Apache-2.0
#include "signals/source_worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "signals/barrier.h"
#include "signals/source_places.h"

namespace premura {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration kTickEvery = std::chrono::seconds(1);
// How long a poll waits at most: reloads and stops are noticed after that.
constexpr Duration kPollWait = std::chrono::milliseconds(50);
// Without a partition for so long, a source no longer holds back the others'
// clock.
constexpr Duration kNoOpinion = std::chrono::seconds(30);
// For other sources to arrive at a cut, and for shards to have room for a mark.
constexpr Duration kCutLimit = std::chrono::seconds(5);
constexpr Duration kRetryDeadLetter = std::chrono::milliseconds(500);

struct NextRules {
  std::shared_ptr<const RuleSet> rules;
  std::function<void()> switched;
};

class SourceWorkerImpl final : public SourceWorker,
                               private RecordSink,
                               private IntakeSink {
 public:
  SourceWorkerImpl(std::size_t index, PipelineSource source,
                   const PipelineOptions& options,
                   std::shared_ptr<const RuleSet> rules,
                   std::vector<Shard*> shards, DeadLetterSink* dead_letters,
                   PipelineObserver* observer)
      : index_(index),
        id_(std::move(source.id)),
        options_(options),
        shards_(std::move(shards)),
        dead_letters_(dead_letters),
        observer_(observer),
        source_(std::move(source.source)),
        decoder_(std::move(source.decoder)),
        rules_(std::move(rules)),
        intake_(NewIntake(source.intake, decoder_.get(), this)),
        places_(static_cast<std::uint32_t>(index)),
        barriers_(std::make_shared<BarrierTracker>()),
        batches_(shards_.size()) {
    intake_->Use(&rules_->symbols());
  }

  ~SourceWorkerImpl() override {
    BeginStop(Duration::zero());
    Join();
    if (!started_) source_->Close();  // It may be in its group already.
  }

  bool Resume(SourceRecord record,
              const std::map<std::string, std::string>& seen) override {
    IntakeProgress progress;
    progress.clock = record.clock;
    progress.seeds = record.seeds;
    intake_->Resume(progress);
    stalled_ = shown_stalled_ = record.stalled;
    stall_watch_.Resume(record.stalled);
    places_.Resume(std::move(record));
    source_->Resume(places_.Places());
    return std::all_of(seen.begin(), seen.end(), [this](const auto& part) {
      return intake_->LoadSeen(part.first, part.second);
    });
  }

  void Start(Checkpointer* checkpoints) override {
    checkpoints_ = checkpoints;
    started_ = true;
    thread_ = std::thread([this] { Run(); });
  }

  void Use(std::shared_ptr<const RuleSet> rules,
           std::function<void()> switched) override {
    const std::lock_guard lock(mutex_);
    next_rules_.push_back({std::move(rules), std::move(switched)});
  }

  void Use(const SelfPreservation& bounds) override {
    const std::lock_guard lock(mutex_);
    next_bounds_ = bounds;
  }

  PipelineHealth::SourceState State() const override {
    PipelineHealth::SourceState state;
    state.id = id_;
    state.health = source_->Health();
    const std::lock_guard lock(mutex_);
    state.clock = shown_clock_;
    state.stalled = shown_stalled_;
    state.ended = ended_;
    state.failure = failure_;
    state.undone = stopped_ && (held_back_ || barriers_->under_way() > 0);
    return state;
  }

  bool Finished() const override {
    const std::lock_guard lock(mutex_);
    return ended_ && barriers_->under_way() == 0;
  }

  void BeginStop(Duration limit) override {
    {
      const std::lock_guard lock(mutex_);
      stop_limit_ = limit;
    }
    stopping_ = true;
    source_->Interrupt();
  }

  void Join() override {
    if (thread_.joinable()) thread_.join();
  }

 private:
  // --- The loop -------------------------------------------------------------

  void Run() {
    last_barrier_ = last_tick_ = unassigned_since_ = options_.now();
    while (!stopping_) {
      TakeNewRules();
      CommitReached();
      TakePartInCut();
      if (BehindBarriers()) continue;
      PollOnce();
      const Timestamp now = options_.now();
      if (Elapsed(last_tick_, now) >= kTickEvery) Tick(now);
      Flush();
      if (Elapsed(last_barrier_, now) >= options_.commit_every) PutBarrier(now);
    }
    Finish();
  }

  // The wall clock may leap; a leap back counts as time passed.
  static Duration Elapsed(Timestamp since, Timestamp now) {
    return now < since ? Duration::max() : now - since;
  }

  void PollOnce() {
    if (source_over_) {
      Idle();
      return;
    }
    Result<Source::Polled> polled =
        source_->Poll(this, options_.batch_records, kPollWait);
    if (!polled.ok()) return End(polled.error().message);
    if (polled.value().ended) End("");
  }

  // The source has nothing more to say; the clock of what it said goes on.
  void Idle() { std::this_thread::sleep_for(kPollWait); }

  void End(const std::string& failure) {
    source_over_ = true;
    if (failure.empty()) {
      intake_->Finish(std::nullopt);
      for (const std::uint32_t partition : assigned_) {
        intake_->CaughtUp(partition);
      }
    }
    TellStalled(false);
    Flush();
    PutBarrier(options_.now());
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      failure_ = failure;
    }
    observer_->OnEnded(id_, failure);
  }

  // Bounded memory: while too much is under way nothing is read, but the
  // source is kept alive in its group.
  bool BehindBarriers() {
    if (barriers_->under_way() < options_.barriers_in_flight) {
      if (std::exchange(waiting_, false)) observer_->OnBackPressure(id_, false);
      return false;
    }
    if (!std::exchange(waiting_, true)) observer_->OnBackPressure(id_, true);
    barriers_->WaitFor(options_.barriers_in_flight - 1, kPollWait);
    if (source_over_) return true;
    const Result<Source::Polled> polled =
        source_->Poll(this, 0, Duration::zero());
    if (!polled.ok()) End(polled.error().message);
    return true;
  }

  void Tick(Timestamp now) {
    last_tick_ = now;
    LookForStall(now);
    intake_->Tick(now);
    if (assigned_.empty() && Elapsed(unassigned_since_, now) >= kNoOpinion) {
      OnClock(Timestamp::max());
    }
    const std::lock_guard lock(mutex_);
    shown_clock_ = intake_->clock();
  }

  // Before the clock moves by it.
  void LookForStall(Timestamp now) {
    {
      const std::lock_guard lock(mutex_);
      if (next_bounds_) stall_watch_.Use(*next_bounds_);
      next_bounds_.reset();
    }
    if (source_over_) return;
    // Without partitions there is nothing to hear.
    if (std::exchange(heard_, false) || assigned_.empty()) {
      stall_watch_.Heard(now);
    }
    TellStalled(stall_watch_.Look(
        now, intake_->Behind() || !source_->Health().reachable));
  }

  void TellStalled(bool stalled) {
    if (stalled == stalled_) return;
    stalled_ = stalled;
    Flush();
    for (Shard* shard : shards_) shard->SetStalled(index_, stalled);
    const std::lock_guard lock(mutex_);
    shown_stalled_ = stalled;
  }

  void TakeNewRules() {
    std::vector<NextRules> next;
    {
      const std::lock_guard lock(mutex_);
      next = std::exchange(next_rules_, {});
    }
    for (NextRules& each : next) {
      Flush();
      intake_->Use(&each.rules->symbols());
      rules_ = std::move(each.rules);
      each.switched();
    }
  }

  void Finish() {
    Duration limit;
    {
      const std::lock_guard lock(mutex_);
      limit = stop_limit_;
    }
    const bool settled = Settle(limit);
    if (checkpoints_ != nullptr) checkpoints_->Leave(index_, settled);
    source_->Close();
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    held_back_ = moved_;  // No barrier stands behind it.
  }

  // --- Barriers and commits -------------------------------------------------

  void PutBarrier(Timestamp now) {
    last_barrier_ = now;
    if (!counted_ && !moved_) return;
    Report();
    if (!LettersAreSafe()) return;
    moved_ = false;
    const std::function<void()> reached =
        barriers_->Begin(intake_->HandedOn(), shards_.size());
    for (Shard* shard : shards_) shard->Mark(reached);
  }

  // Nothing moves on before they are.
  bool LettersAreSafe() {
    if (dead_letter_lost_) return false;
    const Status synced = dead_letters_->Sync();
    if (!synced.ok()) observer_->OnDeadLetterTrouble(synced.error().message);
    return synced.ok();
  }

  void CommitReached() {
    std::optional<Positions> positions = barriers_->TakeReached();
    // Of what is only in memory nothing may be skipped.
    if (checkpoints_ != nullptr) positions = TakeCommittedCut();
    if (!positions) return;
    if (!positions->empty()) source_->Commit(*positions);
    observer_->OnCommitted(id_);
  }

  // --- Checkpoints ----------------------------------------------------------

  void TakePartInCut() {
    if (checkpoints_ != nullptr && checkpoints_->IsGathering()) {
      Arrive(kCutLimit);
    }
  }

  // Whether it could say where it is.
  bool Arrive(Duration limit) {
    Flush();
    Report();
    if (!LettersAreSafe()) return false;
    CheckpointRecords records;
    intake_->SaveSeen(id_, &records);
    records.Add(RecordKind::kSource, id_,
                Pack(places_.Record(intake_->Progress(), stalled_)));
    cut_positions_ = places_.ToCommit(intake_->HandedOn());
    cut_ = checkpoints_->Arrive(index_, std::move(records), limit);
    return true;
  }

  std::optional<Positions> TakeCommittedCut() {
    if (cut_ == 0 || checkpoints_->committed() < cut_) return std::nullopt;
    cut_ = 0;
    return std::exchange(cut_positions_, {});
  }

  // What has been read becomes durable and is committed, as far as `limit`
  // allows. Whether a cut takes in all of it.
  bool Settle(Duration limit) {
    const auto deadline = SteadyClock::now() + limit;
    const auto left = [deadline] {
      return std::max(Duration::zero(), std::chrono::ceil<Duration>(
                                            deadline - SteadyClock::now()));
    };
    Flush();
    PutBarrier(options_.now());
    barriers_->WaitFor(0, limit);
    bool settled = false;
    if (checkpoints_ != nullptr && limit > Duration::zero()) {
      checkpoints_->Hurry();
      settled = Arrive(left());
      if (cut_ != 0) checkpoints_->AwaitCommit(cut_, left());
    }
    CommitReached();
    return settled;
  }

  void Report() {
    if (!counted_) return;
    counted_ = false;
    observer_->OnCounts(id_, std::exchange(counts_, {}));
  }

  // --- RecordSink -----------------------------------------------------------

  void OnRecord(const Record& record) override {
    if (places_.has_missing()) VoidMissing();
    if (places_.EndsMakingUp(record.partition, record.position)) {
      EndMakingUp(record.partition);
    }
    counted_ = moved_ = true;
    ++counts_.records;
    lettered_ = 0;
    intake_->Take(record, options_.now());
  }

  void OnAssigned(std::uint32_t partition,
                  const PartitionStart& start) override {
    assigned_.insert(partition);
    std::optional<PartitionProgress> progress =
        places_.Assign(partition, source_->Origin(partition),
                       source_->Identity(partition), start);
    if (!start.why.empty()) Void(partition, start.why);
    if (progress) {
      intake_->ResumePartition(partition, *std::move(progress));
    } else {
      intake_->AddPartition(partition);
    }
    if (!places_.IsBeingMadeUp(partition)) return;
    for (Shard* shard : shards_) {
      shard->SetMakingUp(places_.Origin(partition), true);
    }
  }

  void OnRevoked(std::uint32_t partition) override {
    Flush();
    assigned_.erase(partition);
    if (assigned_.empty()) unassigned_since_ = options_.now();
    barriers_->Forget(partition);
    cut_positions_.erase(partition);
    EndMakingUp(partition);
    places_.Revoke(partition);
    Forget(partition);
  }

  void OnCaughtUp(std::uint32_t partition) override {
    EndMakingUp(partition);
    intake_->CaughtUp(partition);
  }

  void OnRevoking(Duration limit) override { Settle(limit); }

  // --- What is left of an earlier life --------------------------------------

  void Forget(std::uint32_t partition) {
    intake_->RemovePartition(partition);
    for (Shard* shard : shards_) shard->Forget(places_.Origin(partition));
  }

  void Void(std::uint32_t partition, const std::string& why) {
    Forget(partition);
    observer_->OnStateLost(id_, source_->Origin(partition), why);
  }

  // Partitions come together: what is not there when one of them is read has
  // another owner.
  void VoidMissing() {
    for (const std::uint32_t partition : places_.TakeMissing()) {
      Void(partition, "it is not read here any more");
    }
  }

  void EndMakingUp(std::uint32_t partition) {
    if (!places_.IsBeingMadeUp(partition)) return;
    places_.EndMakingUp(partition);
    Flush();
    for (Shard* shard : shards_) {
      shard->SetMakingUp(places_.Origin(partition), false);
    }
  }

  // --- IntakeSink -----------------------------------------------------------

  void OnEvent(const Event& event) override {
    ++counts_.events;
    heard_ = true;
    // What it brings is older than the clock: no tick may come before the word.
    if (!stalled_ && intake_->Behind()) {
      TellStalled(stall_watch_.Look(options_.now(), true));
    }
    // It begins for all shards at once: when rules first see a profile must not
    // depend on whose event is the first.
    if (!clock_begun_ && event.clock > Timestamp{}) OnClock(event.clock);
    Event routed = event;
    routed.origin = places_.Origin(event.origin);
    BatchOf(event.customer).Add(routed);
  }

  // What was said in an earlier life is known, and what was said since, too:
  // it must not come back.
  void OnProfile(ProfileChange change) override {
    if (places_.IsBeingMadeUp(change.origin)) return;
    ++counts_.profiles;
    EventBatch& batch = BatchOf(change.customer);
    batch.Add(std::move(change));
  }

  void OnClock(Timestamp clock) override {
    clock_begun_ = clock_begun_ || clock > Timestamp{};
    for (EventBatch& batch : batches_) batch.AddClock(clock);
  }

  void OnRefused(const Record& record, Refusal reason,
                 std::string_view detail) override {
    ++counts_.refused[static_cast<int>(reason)];
    // A letter holds the whole record: one for each reason, however many of
    // its events are refused.
    const unsigned bit = 1U << static_cast<unsigned>(reason);
    if ((lettered_ & bit) != 0) return;
    lettered_ |= bit;
    const std::string origin = source_->Origin(record.partition) + "@" +
                               std::to_string(record.position);
    while (true) {
      const Status kept =
          dead_letters_->Keep(id_, origin, record, reason, detail);
      if (kept.ok()) return;
      observer_->OnDeadLetterTrouble(kept.error().message);
      if (stopping_) {
        dead_letter_lost_ = true;  // Read again at the next start.
        return;
      }
      std::this_thread::sleep_for(kRetryDeadLetter);
    }
  }

  void OnDuplicate() override { ++counts_.duplicates; }
  void OnLate() override { ++counts_.late; }
  void OnFutureTime() override { ++counts_.future; }

  // --- Batches --------------------------------------------------------------

  EventBatch& BatchOf(std::string_view customer) {
    return batches_[ShardOf(customer, batches_.size())];
  }

  void Flush() {
    for (std::size_t i = 0; i < batches_.size(); ++i) {
      if (batches_[i].empty()) continue;
      moved_ = true;
      shards_[i]->Take(index_, std::move(batches_[i]));
      batches_[i] = shards_[i]->SpareBatch();
    }
  }

  // Constant after construction.
  const std::size_t index_;
  const std::string id_;
  const PipelineOptions options_;
  const std::vector<Shard*> shards_;
  DeadLetterSink* const dead_letters_;
  PipelineObserver* const observer_;

  // Of the worker's thread, once started (source_'s Health and Interrupt are
  // thread-safe).
  const std::unique_ptr<Source> source_;
  const std::unique_ptr<EventDecoder> decoder_;
  std::shared_ptr<const RuleSet> rules_;
  const std::unique_ptr<Intake> intake_;
  SourcePlaces places_;
  const std::shared_ptr<BarrierTracker> barriers_;
  Checkpointer* checkpoints_ = nullptr;
  bool started_ = false;
  std::uint64_t cut_ = 0;    // Waits for its commit; 0: none does,
  Positions cut_positions_;  // and with it these.
  std::vector<EventBatch> batches_;
  std::set<std::uint32_t> assigned_;
  PipelineObserver::Counts counts_;
  bool clock_begun_ = false;
  StallWatch stall_watch_;
  bool heard_ = false;    // An event, since the last tick.
  bool stalled_ = false;  // As the shards have been told.
  bool counted_ = false;
  bool moved_ = false;  // Something was handed on since the last barrier.
  bool waiting_ = false;
  bool source_over_ = false;
  bool dead_letter_lost_ = false;
  unsigned lettered_ = 0;  // By Refusal: the record at hand has its letter.
  Timestamp unassigned_since_{};
  Timestamp last_barrier_{};
  Timestamp last_tick_{};

  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // Guards what follows.
  std::vector<NextRules> next_rules_;
  std::optional<SelfPreservation> next_bounds_;
  Timestamp shown_clock_{};
  bool shown_stalled_ = false;
  bool ended_ = false;
  std::string failure_;
  Duration stop_limit_{};
  bool stopped_ = false;
  bool held_back_ = false;

  std::thread thread_;
};

}  // namespace

std::unique_ptr<SourceWorker> NewSourceWorker(
    std::size_t index, PipelineSource source, const PipelineOptions& options,
    std::shared_ptr<const RuleSet> rules, std::vector<Shard*> shards,
    DeadLetterSink* dead_letters, PipelineObserver* observer) {
  return std::make_unique<SourceWorkerImpl>(index, std::move(source), options,
                                            std::move(rules), std::move(shards),
                                            dead_letters, observer);
}

}  // namespace premura
