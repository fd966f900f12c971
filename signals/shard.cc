// SPDX-License-Identifier: Apache-2.0
#include "signals/shard.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "signals/bounded_queue.h"
#include "signals/recent_batches.h"

namespace premura {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct TakeBatch {
  std::size_t source;
  EventBatch batch;
};
struct MarkReached {
  std::function<void()> reached;
};
struct SaveState {
  std::function<void(ShardRecords)> saved;
  std::function<void()> durable;
};
struct LoadCustomers {
  CheckpointRecords records;
};
struct LoadEngine {
  std::string record;
  std::size_t spread;
};
struct TellLoaded {
  std::promise<Status>* told;
};
struct MakeUp {
  std::uint32_t origin;
  bool making_up;
};
struct UseRules {
  std::shared_ptr<const RuleSet> rules;
  std::vector<std::string> changed;
};
struct ForgetOrigin {
  std::uint32_t origin;
};
struct LookAtQuestions {};
struct UseBounds {
  SelfPreservation bounds;
};
struct StallSource {
  std::size_t source;
  bool stalled;
};
using Message =
    std::variant<TakeBatch, MarkReached, SaveState, UseRules, ForgetOrigin,
                 LookAtQuestions, UseBounds, StallSource, MakeUp, LoadCustomers,
                 LoadEngine, TellLoaded>;

struct Question {
  std::string customer;
  std::function<void(CustomerStanding)> told;
};

// Gathers what the engine says until it is handed on.
class Collector final : public DetectionSink {
 public:
  void OnDetection(Detection detection) override {
    if (made_up.contains(detection.origin)) return;
    output.detections.push_back(std::move(detection));
  }
  void OnCancellation(Cancellation cancellation) override {
    if (made_up.contains(cancellation.origin)) return;
    output.cancellations.push_back(std::move(cancellation));
  }

  ShardOutput output;
  std::set<std::uint32_t> made_up;  // Origins of which nothing is told.
};

class CustomerRecords final : public EngineRecords {
 public:
  void OnCustomer(std::string_view customer, std::string_view record) override {
    records.Add(RecordKind::kCustomer, customer, record);
  }

  CheckpointRecords records;
};

class ShardImpl final : public Shard {
 public:
  ShardImpl(std::size_t sources, std::size_t queue_capacity,
            std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
            OutputSink* sink, OwnsCustomer owns)
      : sink_(sink),
        queue_(queue_capacity),
        clocks_(sources, Timestamp::min()),
        stalled_(sources, false),
        engine_(NewEngine(std::move(rules), profiles, &collector_,
                          std::move(owns))),
        thread_([this] { Run(); }) {}

  ~ShardImpl() override { Close(); }

  void Take(std::size_t source, EventBatch batch) override {
    queue_.Push(TakeBatch{source, std::move(batch)});
  }
  void Mark(std::function<void()> reached) override {
    queue_.Push(MarkReached{std::move(reached)});
  }
  void Save(std::function<void(ShardRecords)> saved,
            std::function<void()> durable) override {
    queue_.Push(SaveState{std::move(saved), std::move(durable)});
  }
  void Load(CheckpointRecords customers) override {
    queue_.Push(LoadCustomers{std::move(customers)});
  }
  void LoadOwn(std::string record, std::size_t spread) override {
    queue_.Push(LoadEngine{std::move(record), spread});
  }
  Status Loaded() override {
    std::promise<Status> told;
    queue_.Push(TellLoaded{&told});
    return told.get_future().get();
  }
  void SetMakingUp(std::uint32_t origin, bool making_up) override {
    queue_.Push(MakeUp{origin, making_up});
  }
  void Use(std::shared_ptr<const RuleSet> rules,
           std::vector<std::string> changed) override {
    queue_.Push(UseRules{std::move(rules), std::move(changed)});
  }
  void Forget(std::uint32_t origin) override {
    queue_.Push(ForgetOrigin{origin});
  }
  void Use(const SelfPreservation& bounds) override {
    queue_.Push(UseBounds{bounds});
  }
  void SetStalled(std::size_t source, bool stalled) override {
    queue_.Push(StallSource{source, stalled});
  }

  // Questions lie beside the queue: who asks does not wait while it is full,
  // and need not wake the thread, which looks after each message.
  void Explain(std::string customer,
               std::function<void(CustomerStanding)> told) override {
    {
      const std::lock_guard lock(mutex_);
      questions_.push_back({std::move(customer), std::move(told)});
    }
    queue_.TryPush(LookAtQuestions{});
  }

  EventBatch SpareBatch() override {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return {};
    EventBatch batch = std::move(spare_.back());
    spare_.pop_back();
    return batch;
  }

  EngineStats Stats() const override {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  void Close() override {
    queue_.Close();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    while (std::optional<Message> message = queue_.Pop()) {
      std::visit([this](auto& what) { Do(what); }, *message);
      AnswerQuestions();
    }
  }

  void Do(TakeBatch& take) {
    for (const EventBatch::Item& item : take.batch.items()) {
      if (item.what == EventBatch::Item::What::kProfile) {
        collector_.output.profiles.push_back(take.batch.profile(item.index));
      }
    }
    take.batch.SetClocks([this, source = take.source](Timestamp clock) {
      return ClockWith(source, clock);
    });
    engine_->Take(take.batch);
    HandOn(nullptr);
    std::vector<EventBatch> free;
    recent_.Add(std::move(take.batch), &free);
    for (EventBatch& batch : free) batch.Clear();
    ShowStats();
    const std::lock_guard lock(mutex_);
    for (EventBatch& batch : free) {
      if (spare_.size() < kSpareBatches) spare_.push_back(std::move(batch));
    }
  }

  void ShowStats() {
    const EngineStats stats = engine_->Stats();
    const std::lock_guard lock(mutex_);
    stats_ = stats;
  }

  void AnswerQuestions() {
    std::vector<Question> questions;
    {
      const std::lock_guard lock(mutex_);
      questions.swap(questions_);
    }
    for (const Question& question : questions) {
      question.told(engine_->Explain(
          question.customer, recent_.Of(question.customer, kMostLookedAt)));
    }
  }

  // The smallest clock of all sources once `source` says `clock`; the end of
  // time says that it has no opinion. Never goes back, not even when a source
  // gains a partition that is behind.
  Timestamp ClockWith(std::size_t source, Timestamp clock) {
    clocks_[source] = clock;
    const Timestamp least = *std::min_element(clocks_.begin(), clocks_.end());
    if (least != Timestamp::max()) clock_ = std::max(clock_, least);
    return clock_;
  }

  void Do(SaveState& save) {
    const auto began = SteadyClock::now();
    CustomerRecords customers;
    ShardRecords saved;
    saved.own = engine_->Save(&customers);
    saved.customers = std::move(customers.records);
    saved.took =
        std::chrono::duration_cast<Duration>(SteadyClock::now() - began);
    save.saved(std::move(saved));
    HandOn(std::move(save.durable));
  }

  void Do(LoadCustomers& load) {
    load.records.ForEach([this](RecordKind, std::string_view customer,
                                std::string_view record) {
      if (!loaded_.ok()) return;
      loaded_ = engine_->Load(customer, record);
      if (!loaded_.ok()) {
        loaded_ =
            loaded_.error().WithContext("customer " + std::string(customer));
      }
    });
  }
  void Do(LoadEngine& load) {
    if (loaded_.ok()) loaded_ = engine_->LoadOwn(load.record, load.spread);
  }
  void Do(TellLoaded& loaded) {
    clock_ = std::max(clock_, engine_->Stats().clock);
    ShowStats();
    loaded.told->set_value(loaded_);
  }

  void Do(MakeUp& make_up) {
    if (make_up.making_up) {
      collector_.made_up.insert(make_up.origin);
    } else {
      collector_.made_up.erase(make_up.origin);
    }
  }
  void Do(MarkReached& mark) { HandOn(std::move(mark.reached)); }
  // Earlier events lack what only the new rules ask for.
  void Do(UseRules& use) {
    engine_->Use(std::move(use.rules));
    engine_->OnProfiles(use.changed);
    HandOn(nullptr);
    recent_.Clear();
  }
  void Do(ForgetOrigin& forget) { engine_->Forget(forget.origin); }
  void Do(LookAtQuestions&) {}
  void Do(UseBounds& use) {
    engine_->Use(use.bounds);
    HandOn(nullptr);
    ShowStats();
  }
  // Whoever misses events of one source cannot say what did not happen.
  void Do(StallSource& stall) {
    stalled_[stall.source] = stall.stalled;
    engine_->SetStalled(std::find(stalled_.begin(), stalled_.end(), true) !=
                        stalled_.end());
    HandOn(nullptr);
    ShowStats();
  }

  // Output is written in the order it was submitted, so an empty one that is
  // durable says the same of all before it.
  void HandOn(std::function<void()> reached) {
    if (collector_.output.empty() && !reached) return;
    sink_->Submit(
        std::exchange(collector_.output, {}),
        reached ? std::move(reached) : [] {});
  }

  static constexpr std::size_t kSpareBatches = 8;
  static constexpr std::size_t kRecentBytes = std::size_t{8} << 20;
  // For each rule: answers take the time of events.
  static constexpr std::size_t kMostLookedAt = 1000;

  // Constant after construction.
  OutputSink* const sink_;

  BoundedQueue<Message> queue_;  // Synchronises itself.

  mutable std::mutex mutex_;
  std::vector<EventBatch> spare_;  // Guarded by mutex_, as are the next two.
  EngineStats stats_;
  std::vector<Question> questions_;

  // The thread's own.
  std::vector<Timestamp> clocks_;
  std::vector<bool> stalled_;  // By source.
  Timestamp clock_ = Timestamp::min();
  Collector collector_;
  RecentBatches recent_{kRecentBytes};
  const std::unique_ptr<Engine> engine_;
  Status loaded_;

  std::thread thread_;  // Last: starts when all else is there.
};

}  // namespace

std::unique_ptr<Shard> NewShard(std::size_t sources, std::size_t queue_capacity,
                                std::shared_ptr<const RuleSet> rules,
                                ProfileStore* profiles, OutputSink* sink,
                                OwnsCustomer owns) {
  return std::make_unique<ShardImpl>(sources, queue_capacity, std::move(rules),
                                     profiles, sink, std::move(owns));
}

}  // namespace premura
