// SPDX-License-Identifier: Apache-2.0
#include "signals/shard.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
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
  CellId cell;
  std::size_t source;
  EventBatch batch;
};
// Everything else: to be called on the shard's thread.
using Call = std::function<void()>;
using Message = std::variant<TakeBatch, Call>;

struct Question {
  std::string customer;
  std::function<void(CustomerStanding)> told;
};

class ShardImpl final : public Shard {
 public:
  ShardImpl(std::size_t sources, std::size_t queue_capacity,
            std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
            OutputSink* sink)
      : sink_(sink),
        profiles_(profiles),
        queue_(queue_capacity),
        rules_(std::move(rules)),
        stalls_(sources, Stall::kNone),
        thread_([this] { Run(); }) {}

  ~ShardImpl() override { Close(); }

  // --- Cells -----------------------------------------------------------------

  void Open(CellId id, CellOptions options) override {
    queue_.Push([this, id, options = std::move(options)] {
      auto cell = std::make_unique<Cell>(stalls_.size(), rules_, profiles_,
                                         &output_, options);
      if (bounds_) cell->Use(*bounds_);
      // What it takes up may have been held: it must not go off before the
      // sources say how they are.
      cell->Set(Stall::kSure);
      cells_[id].cell = std::move(cell);
    });
  }
  void ForgetProfiles(CellId id) override {
    queue_.Push([this, id] {
      if (Cell* const cell = Find(id)) cell->ForgetProfiles();
    });
  }
  void Load(CellId id, CheckpointRecords customers) override {
    queue_.Push([this, id, records = std::move(customers)] {
      if (Cell* const cell = FindToLoad(id)) cell->Load(records);
    });
  }
  void LoadOwn(CellId id, std::string record, std::size_t spread) override {
    queue_.Push([this, id, record = std::move(record), spread] {
      if (Cell* const cell = FindToLoad(id)) cell->LoadOwn(record, spread);
    });
  }
  void EndLoading(CellId id, std::function<void(Status)> told) override {
    queue_.Push([this, id, told = std::move(told)] {
      const auto it = cells_.find(id);
      if (it == cells_.end()) return;
      const Status loaded = it->second.cell->EndLoading();
      BeLoaded(&it->second);
      ShowStats();
      told(loaded);
    });
  }
  void Begin(CellId id) override {
    queue_.Push([this, id] {
      const auto it = cells_.find(id);
      if (it == cells_.end()) return;
      BeLoaded(&it->second);
      it->second.begun = true;
      it->second.cell->Set(WorstStall());
      HandOn(nullptr);
    });
  }
  void Pause(CellId id) override {
    queue_.Push([this, id] {
      const auto it = cells_.find(id);
      if (it == cells_.end()) return;
      it->second.begun = false;
      // New rules and bounds wait for it to begin again: another may have read
      // meanwhile what takes back what is due here.
      it->second.loaded = it->second.empty = false;
    });
  }
  void Drop(CellId id) override {
    queue_.Push([this, id] {
      HandOn(nullptr);
      cells_.erase(id);
      ShowStats();
    });
  }
  void Take(CellId cell, std::size_t source, EventBatch batch) override {
    queue_.Push(TakeBatch{cell, source, std::move(batch)});
  }
  void Forget(CellId id, std::uint32_t origin) override {
    queue_.Push([this, id, origin] {
      if (Cell* const cell = Find(id)) cell->Forget(origin);
    });
  }
  void SetMakingUp(CellId id, std::uint32_t origin, bool making_up) override {
    queue_.Push([this, id, origin, making_up] {
      if (Cell* const cell = Find(id)) cell->SetMakingUp(origin, making_up);
    });
  }

  // --- All of them -----------------------------------------------------------

  void Mark(std::function<void()> reached) override {
    queue_.Push([this, reached = std::move(reached)] { HandOn(reached); });
  }
  void Save(std::function<void(ShardRecords)> saved,
            std::function<void()> durable) override {
    queue_.Push([this, saved = std::move(saved), durable = std::move(durable)] {
      saved(WriteDown());
      HandOn(durable);
    });
  }
  void Use(std::shared_ptr<const RuleSet> rules, Customers changed) override {
    queue_.Push([this, rules = std::move(rules), changed = std::move(changed)] {
      rules_ = rules;
      WithEachLoaded(
          [rules, changed](Cell* cell) { cell->Use(rules, *changed); });
      HandOn(nullptr);
      recent_.Clear();  // Earlier events lack what only the new rules ask for.
    });
  }
  void Use(const SelfPreservation& bounds) override {
    queue_.Push([this, bounds] {
      bounds_ = bounds;
      WithEachLoaded([bounds](Cell* cell) { cell->Use(bounds); });
      HandOn(nullptr);
      ShowStats();
    });
  }
  // Whoever misses events of one source cannot say what did not happen.
  void Set(std::size_t source, Stall stall) override {
    queue_.Push([this, source, stall] {
      stalls_[source] = stall;
      for (auto& [id, it] : cells_) {
        if (it.begun) it.cell->Set(WorstStall());
      }
      HandOn(nullptr);
      ShowStats();
    });
  }

  // Questions lie beside the queue: who asks does not wait while it is full,
  // and need not wake the thread, which looks after each message.
  void Explain(std::string customer,
               std::function<void(CustomerStanding)> told) override {
    {
      const std::lock_guard lock(mutex_);
      questions_.push_back({std::move(customer), std::move(told)});
    }
    queue_.TryPush(Call([] {}));
  }

  EventBatch SpareBatch() override {
    const std::lock_guard lock(mutex_);
    if (spare_.empty()) return {};
    EventBatch batch = std::move(spare_.back());
    spare_.pop_back();
    return batch;
  }

  std::vector<EngineStats> Stats() const override {
    const std::lock_guard lock(mutex_);
    std::vector<EngineStats> all;
    for (const auto& [id, stats] : stats_) all.push_back(stats);
    return all;
  }

  void Close() override {
    queue_.Close();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Held {
    std::unique_ptr<Cell> cell;
    bool empty = true;  // Nothing has been loaded.
    bool loaded = false;
    std::vector<std::function<void(Cell*)>> later{};  // Once it is.
    bool begun = false;
  };

  void Run() {
    while (std::optional<Message> message = queue_.Pop()) {
      if (auto* const take = std::get_if<TakeBatch>(&*message)) {
        Do(take);
      } else {
        std::get<Call> (*message)();
      }
      AnswerQuestions();
    }
  }

  Cell* Find(CellId id) {
    const auto it = cells_.find(id);
    return it == cells_.end() ? nullptr : it->second.cell.get();
  }

  Cell* FindToLoad(CellId id) {
    const auto it = cells_.find(id);
    if (it == cells_.end()) return nullptr;
    it->second.empty = false;
    return it->second.cell.get();
  }

  Stall WorstStall() const {
    return *std::max_element(stalls_.begin(), stalls_.end());
  }

  void Do(TakeBatch* take) {
    Cell* const cell = Find(take->cell);
    if (cell == nullptr) return;
    cell->Take(take->source, &take->batch);
    HandOn(nullptr);
    ShowStats(take->cell, *cell);
    Keep(std::move(take->batch));
  }

  void Keep(EventBatch batch) {
    std::vector<EventBatch> free;
    recent_.Add(std::move(batch), &free);
    for (EventBatch& each : free) each.Clear();
    const std::lock_guard lock(mutex_);
    for (EventBatch& each : free) {
      if (spare_.size() < kSpareBatches) spare_.push_back(std::move(each));
    }
  }

  // New rules and bounds look at all that a cell knows, and let go off what is
  // due: one that is being loaded takes them once all of it is there. Before
  // that at once, so that what rules remember is not loaded without them.
  void WithEachLoaded(const std::function<void(Cell*)>& what) {
    for (auto& [id, it] : cells_) {
      if (it.loaded || it.empty) {
        what(it.cell.get());
      } else {
        it.later.push_back(what);
      }
    }
  }
  static void BeLoaded(Held* it) {
    it->loaded = true;
    for (const auto& what : std::exchange(it->later, {})) what(it->cell.get());
  }

  void ShowStats(CellId id, const Cell& cell) {
    const EngineStats stats = cell.Stats();
    const std::lock_guard lock(mutex_);
    stats_[id] = stats;
  }
  void ShowStats() {
    std::map<CellId, EngineStats> all;
    for (const auto& [id, it] : cells_) all[id] = it.cell->Stats();
    const std::lock_guard lock(mutex_);
    stats_ = std::move(all);
  }

  void AnswerQuestions() {
    std::vector<Question> questions;
    {
      const std::lock_guard lock(mutex_);
      questions.swap(questions_);
    }
    for (const Question& question : questions) {
      question.told(Answer(question.customer));
    }
  }

  CustomerStanding Answer(const std::string& customer) const {
    for (const auto& [id, it] : cells_) {
      if (!it.begun || !it.cell->Owns(customer)) continue;
      return it.cell->Explain(customer, recent_.Of(customer, kMostLookedAt));
    }
    CustomerStanding nothing;
    nothing.customer = customer;
    nothing.rules = rules_;
    nothing.elsewhere = true;
    return nothing;
  }

  ShardRecords WriteDown() {
    const auto began = SteadyClock::now();
    ShardRecords saved;
    for (auto& [id, it] : cells_) {
      if (it.begun) saved.cells.push_back(it.cell->Save(id));
    }
    saved.took =
        std::chrono::duration_cast<Duration>(SteadyClock::now() - began);
    return saved;
  }

  // Output is written in the order it was submitted, so an empty one that is
  // durable says the same of all before it.
  void HandOn(const std::function<void()>& reached) {
    if (output_.empty() && !reached) return;
    sink_->Submit(
        std::exchange(output_, {}), reached ? reached : [] {});
  }

  static constexpr std::size_t kSpareBatches = 8;
  static constexpr std::size_t kRecentBytes = std::size_t{8} << 20;
  // For each rule: answers take the time of events.
  static constexpr std::size_t kMostLookedAt = 1000;

  // Constant after construction.
  OutputSink* const sink_;
  ProfileStore* const profiles_;

  BoundedQueue<Message> queue_;  // Synchronises itself.

  mutable std::mutex mutex_;
  std::vector<EventBatch> spare_;  // Guarded by mutex_, as are the next two.
  std::map<CellId, EngineStats> stats_;
  std::vector<Question> questions_;

  // The thread's own.
  std::shared_ptr<const RuleSet> rules_;
  std::optional<SelfPreservation> bounds_;
  std::vector<Stall> stalls_;  // By source.
  ShardOutput output_;         // Not handed on yet.
  RecentBatches recent_{kRecentBytes};
  std::map<CellId, Held> cells_;

  std::thread thread_;  // Last: starts when all else is there.
};

}  // namespace

std::unique_ptr<Shard> NewShard(std::size_t sources, std::size_t queue_capacity,
                                std::shared_ptr<const RuleSet> rules,
                                ProfileStore* profiles, OutputSink* sink) {
  return std::make_unique<ShardImpl>(sources, queue_capacity, std::move(rules),
                                     profiles, sink);
}

}  // namespace premura
