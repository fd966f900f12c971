// SPDX-License-Identifier: Apache-2.0
#include "signals/source_worker.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "signals/source_commits.h"
#include "signals/source_feeds.h"
#include "signals/source_letters.h"

namespace premura {
namespace {

constexpr Duration kTickEvery = std::chrono::seconds(1);
// How long a poll waits at most: reloads and stops are noticed after that.
constexpr Duration kPollWait = std::chrono::milliseconds(50);
// Without a partition for so long, a source no longer holds back the others'
// clock.
constexpr Duration kNoOpinion = std::chrono::seconds(30);

struct NextRules {
  std::shared_ptr<const RuleSet> rules;
  std::function<void()> switched;
};

class SourceWorkerImpl final : public SourceWorker,
                               private RecordSink,
                               private Feed::Listener,
                               private SourceCommits::Host {
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
        observer_(observer),
        source_(std::move(source.source)),
        decoder_(std::move(source.decoder)),
        rules_(std::move(rules)),
        letters_(id_, source_.get(), dead_letters, observer, &stopping_),
        commits_(index, shards_, this),
        feeds_(NewFeeds(source.intake)) {
    decoder_->Use(&rules_->symbols());
  }

  ~SourceWorkerImpl() override {
    BeginStop(Duration::zero());
    Join();
    if (!started_) source_->Close();  // It may be in its group already.
  }

  bool Resume(SourceRecord record,
              const std::map<std::string, std::string>& seen) override {
    stall_ = shown_stall_ = record.stall.stall;
    stall_watch_.Resume(record.stall);
    return feeds_->Resume(std::move(record), seen);
  }

  void Start(Checkpointer* checkpoints) override {
    commits_.Use(checkpoints);
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
    state.remembered = shown_remembered_;
    state.stall = shown_stall_;
    state.ended = ended_;
    state.failure = failure_;
    state.undone = stopped_ && (held_back_ || commits_.under_way() > 0);
    return state;
  }

  bool Finished() const override {
    const std::lock_guard lock(mutex_);
    return ended_ && commits_.under_way() == 0;
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
  std::unique_ptr<SourceFeeds> NewFeeds(const IntakeOptions& intake) {
    const SourceFeedsOptions options = {.index = index_,
                                        .id = id_,
                                        .intake = intake,
                                        .shards = shards_,
                                        .source = source_.get(),
                                        .decoder = decoder_.get(),
                                        .listener = this,
                                        .observer = observer_,
                                        .cells = options_.cells};
    return options_.cells == nullptr ? NewSharedFeed(options)
                                     : NewCellFeeds(options);
  }

  // --- The loop -------------------------------------------------------------

  void Run() {
    last_barrier_ = last_tick_ = unassigned_since_ = options_.now();
    while (!stopping_) {
      TakeNewRules();
      commits_.CommitReached();
      commits_.TakePartInCut();
      ServeFeeds();
      if (BehindBarriers()) {
        pressed_ = true;
        continue;
      }
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

  // What cells came with, or lost. Who takes a cell over says so at once.
  void ServeFeeds() {
    if (commits_.TakeVoid()) feeds_->StartOver();
    const bool begun = feeds_->Serve([this](const StallRecord& was) {
      stall_watch_.Resume(was);
      Tell(std::max(stall_, was.stall));
    });
    if (begun) commits_.Hurry();
  }

  void PollOnce() {
    if (source_over_) {
      Idle();
      return;
    }
    Result<Source::Polled> polled =
        source_->Poll(this, options_.batch_records, kPollWait);
    if (!polled.ok()) return End(polled.error().message);
    if (polled.value().records >= options_.batch_records) pressed_ = true;
    if (polled.value().ended) End("");
  }

  // The source has nothing more to say; the clock of what it said goes on.
  void Idle() { std::this_thread::sleep_for(kPollWait); }

  void End(const std::string& failure) {
    source_over_ = true;
    if (failure.empty()) {
      for (Feed* feed : feeds_->All()) feed->Finish();
      for (const std::uint32_t partition : assigned_) {
        if (Feed* feed = feeds_->Of(partition)) feed->CaughtUp(partition);
      }
    }
    Tell(Stall::kNone);
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
    if (commits_.under_way() < options_.barriers_in_flight) {
      if (std::exchange(waiting_, false)) observer_->OnBackPressure(id_, false);
      return false;
    }
    if (!std::exchange(waiting_, true)) observer_->OnBackPressure(id_, true);
    commits_.WaitFor(options_.barriers_in_flight - 1, kPollWait);
    if (source_over_) return true;
    const Result<Source::Polled> polled =
        source_->Poll(this, 0, Duration::zero());
    if (!polled.ok()) End(polled.error().message);
    return true;
  }

  void Tick(Timestamp now) {
    last_tick_ = now;
    LookForStall(now);
    const bool no_opinion =
        assigned_.empty() && Elapsed(unassigned_since_, now) >= kNoOpinion;
    Timestamp clock = Timestamp::max();
    std::size_t remembered = 0;
    const bool pressed = std::exchange(pressed_, false);
    for (Feed* feed : feeds_->All()) {
      if (pressed) feed->LoseQuiet();
      feed->Tick(now);
      remembered += feed->Remembered();
      if (no_opinion) feed->HaveNoOpinion();
      clock = std::min(clock, feed->clock());
    }
    const std::lock_guard lock(mutex_);
    shown_clock_ = clock == Timestamp::max() ? Timestamp{} : clock;
    shown_remembered_ = remembered;
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
    Tell(stall_watch_.Look(now, TroubleNow()));
  }

  StallWatch::Trouble TroubleNow() {
    if (!source_->Health().reachable) return StallWatch::Trouble::kUnreadable;
    return Behind() ? StallWatch::Trouble::kBehind : StallWatch::Trouble::kNone;
  }

  bool Behind() {
    const std::vector<Feed*> feeds = feeds_->All();
    return std::any_of(feeds.begin(), feeds.end(),
                       [](const Feed* feed) { return feed->Behind(); });
  }

  void Tell(Stall stall) {
    if (stall == stall_) return;
    stall_ = stall;
    Flush();
    for (Shard* shard : shards_) shard->Set(index_, stall);
    const std::lock_guard lock(mutex_);
    shown_stall_ = stall;
  }

  // What `reorder` holds back lacks the fields that only new rules ask for, so
  // these come once it is handed on; what arrives meanwhile has all that the
  // rules before them look at, too.
  void TakeNewRules() {
    while (next_ || BeginNewRules()) {
      const std::vector<Feed*> feeds = feeds_->All();
      if (!source_over_ &&
          std::any_of(feeds.begin(), feeds.end(),
                      [](const Feed* feed) { return feed->HoldsOlder(); })) {
        return;
      }
      Flush();
      rules_ = std::move(next_->rules);
      next_->switched();
      next_.reset();
    }
  }

  bool BeginNewRules() {
    {
      const std::lock_guard lock(mutex_);
      if (next_rules_.empty()) return false;
      next_ = std::move(next_rules_.front());
      next_rules_.pop_front();
    }
    decoder_->Use(&next_->rules->symbols());
    feeds_->MarkHeld();
    return true;
  }

  void Finish() {
    Duration limit;
    {
      const std::lock_guard lock(mutex_);
      limit = stop_limit_;
    }
    commits_.Leave(Settle(limit));
    source_->Close();
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    held_back_ = moved_;  // No barrier stands behind it.
  }

  // --- Commits --------------------------------------------------------------

  void PutBarrier(Timestamp now) {
    last_barrier_ = now;
    if (counts_.records == 0 && !moved_) return;
    Report();
    if (commits_.PutBarrier()) moved_ = false;
  }

  bool Settle(Duration limit) {
    Flush();
    PutBarrier(options_.now());
    return commits_.Settle(limit);
  }

  void Report() {
    if (counts_.records == 0) return;
    observer_->OnCounts(id_, std::exchange(counts_, {}));
  }

  void HandOnAll() override {
    Flush();
    Report();
  }
  bool LettersAreSafe() override { return letters_.Sync(); }
  Positions HandedOn() override {
    Positions all;
    for (const Feed* feed : feeds_->All()) all.merge(feed->HandedOn());
    return all;
  }
  Positions ToCommit() override { return feeds_->ToCommit(); }
  void OnCut() override { feeds_->OnCut(); }
  std::vector<CheckpointPart> WriteDown() override {
    return feeds_->WriteDown({stall_, stall_watch_.HasEnough()});
  }
  void Commit(const Positions& positions) override {
    if (!positions.empty()) source_->Commit(positions);
    observer_->OnCommitted(id_);
  }

  // --- RecordSink -----------------------------------------------------------

  void OnRecord(const Record& record) override {
    moved_ = true;
    ++counts_.records;
    letters_.Begin();
    Feed* const feed = feeds_->Of(record.partition);
    if (feed != nullptr) feed->Take(record, options_.now());
  }

  void OnAssigned(std::uint32_t partition,
                  const PartitionStart& start) override {
    assigned_.insert(partition);
    feeds_->Assign(partition, start);
  }

  void OnRevoked(std::uint32_t partition) override {
    Flush();
    assigned_.erase(partition);
    if (assigned_.empty()) unassigned_since_ = options_.now();
    commits_.Forget(partition);
    feeds_->Revoke(partition);
  }

  void OnCaughtUp(std::uint32_t partition) override {
    if (Feed* feed = feeds_->Of(partition)) feed->CaughtUp(partition);
  }

  void OnRevoking(Duration limit) override { Settle(limit); }

  // --- Feed::Listener -------------------------------------------------------

  void OnEvent(const Event& event, bool behind) override {
    ++counts_.events;
    heard_ = true;
    stall_watch_.Saw(event.customer, event.clock);
    // What it brings is older than the clock: no tick may come before the word.
    if (stall_ == Stall::kNone && behind) {
      Tell(stall_watch_.Look(options_.now(), StallWatch::Trouble::kBehind));
    }
  }
  void OnRefused(const Record& record, Refusal reason,
                 std::string_view detail) override {
    ++counts_.refused[static_cast<int>(reason)];
    if (!letters_.Keep(record, reason, detail)) pressed_ = true;
  }
  PipelineObserver::Counts* counts() override { return &counts_; }
  void OnHandedOn() override { moved_ = true; }

  void Flush() {
    for (Feed* feed : feeds_->All()) feed->Flush();
  }

  // Constant after construction.
  const std::size_t index_;
  const std::string id_;
  const PipelineOptions options_;
  const std::vector<Shard*> shards_;
  PipelineObserver* const observer_;
  std::atomic<bool> stopping_ = false;

  // Of the worker's thread, once started (source_'s Health and Interrupt, and
  // commits_' under_way, are thread-safe).
  const std::unique_ptr<Source> source_;
  const std::unique_ptr<EventDecoder> decoder_;
  std::shared_ptr<const RuleSet> rules_;
  SourceLetters letters_;
  SourceCommits commits_;
  const std::unique_ptr<SourceFeeds> feeds_;
  bool started_ = false;
  std::set<std::uint32_t> assigned_;
  PipelineObserver::Counts counts_;
  StallWatch stall_watch_;
  bool heard_ = false;          // An event, since the last tick.
  Stall stall_ = Stall::kNone;  // As the shards have been told.
  bool moved_ = false;  // Something was handed on since the last barrier.
  bool waiting_ = false;
  bool pressed_ = false;  // More may have come, since the last tick, than read.
  bool source_over_ = false;
  Timestamp unassigned_since_{};
  Timestamp last_barrier_{};
  Timestamp last_tick_{};

  std::optional<NextRules> next_;  // The decoder has them already.

  mutable std::mutex mutex_;  // Guards what follows.
  std::deque<NextRules> next_rules_;
  std::optional<SelfPreservation> next_bounds_;
  Timestamp shown_clock_{};
  std::size_t shown_remembered_ = 0;
  Stall shown_stall_ = Stall::kNone;
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
