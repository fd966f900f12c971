// SPDX-License-Identifier: Apache-2.0
#include "signals/checkpointer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace premura {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A source that does not come for so long does without its cut.
constexpr Duration kGatherLimit = std::chrono::seconds(5);
constexpr Duration kRetryEvery = std::chrono::seconds(1);
// Writing takes one part in so many of the time at most.
constexpr int kShareOfTime = 20;

// Lives as long as a shard or a ledger may call back.
struct Shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> gathering = false;  // Changed under mutex.
  // What follows is guarded by mutex.
  bool marking = false;
  bool hurry = false;
  bool unsettled = false;
  bool closing = false;
  std::set<std::size_t> arrived;
  std::set<std::size_t> gone;
  std::uint64_t marked = 0;
  std::uint64_t committed = 0;
  std::uint64_t voided = 0;
  std::vector<CheckpointPart> brought;  // By sources, for the next cut.
  // Of the cut under way.
  std::vector<CheckpointPart> parts;
  std::size_t unsaved = 0;
  std::size_t undurable = 0;
  Duration longest{};
};

class CheckpointerImpl final : public Checkpointer {
 public:
  CheckpointerImpl(CheckpointSink* sink, Duration every, std::size_t sources,
                   std::vector<Shard*> shards, CheckpointPart first,
                   PipelineObserver* observer)
      : sink_(sink),
        every_(every),
        sources_(sources),
        shards_(std::move(shards)),
        observer_(observer),
        shared_(std::make_shared<Shared>()) {
    shared_->brought.push_back(std::move(first));
  }

  ~CheckpointerImpl() override { Close(); }

  void Start() override {
    thread_ = std::thread([this] { Run(); });
  }

  bool IsGathering() const override { return shared_->gathering; }

  // Once marks are being put nobody may go on before all are.
  std::uint64_t Arrive(std::size_t source, std::vector<CheckpointPart> parts,
                       Duration limit) override {
    Shared& it = *shared_;
    std::unique_lock lock(it.mutex);
    std::move(parts.begin(), parts.end(), std::back_inserter(it.brought));
    it.arrived.insert(source);
    it.changed.notify_all();
    const std::uint64_t before = it.marked;
    const auto may_go = [&] {
      return it.marked > before || it.unsettled || it.closing;
    };
    it.changed.wait_for(lock, limit, may_go);
    it.changed.wait(lock, [&] { return !it.marking; });
    it.arrived.erase(source);
    return it.marked > before ? it.marked : 0;
  }

  void Leave(std::size_t source, bool settled) override {
    const std::lock_guard lock(shared_->mutex);
    shared_->gone.insert(source);
    if (!settled) shared_->unsettled = true;
    shared_->changed.notify_all();
  }

  void Hurry() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->hurry = true;
    shared_->changed.notify_all();
  }

  std::uint64_t committed() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->committed;
  }

  std::uint64_t voided() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->voided;
  }

  bool AwaitCommit(std::uint64_t cut, Duration limit) override {
    Shared& it = *shared_;
    std::unique_lock lock(it.mutex);
    const auto over = [&] {
      return it.committed >= cut || it.voided >= cut || it.closing;
    };
    it.changed.wait_for(lock, limit, over);
    return it.committed >= cut;
  }

  bool Now(Duration limit) override {
    std::uint64_t next = 0;
    {
      const std::lock_guard lock(shared_->mutex);
      next = shared_->marked + 1;
    }
    Hurry();
    return AwaitCommit(next, limit);
  }

  void Close() override {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->closing = true;
      shared_->changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    auto due = SteadyClock::now() + every_;
    while (AwaitDue(due)) {
      const auto began = SteadyClock::now();
      due = began + every_;
      if (!Gather()) continue;
      PutMarks();
      if (!AwaitShards()) return;
      const auto written = SteadyClock::now();
      if (!Commit()) return;
      const auto took = Since(written) + shared_->longest;
      due = std::max(due, began + took * kShareOfTime);
    }
  }

  static Duration Since(SteadyClock::time_point instant) {
    return std::chrono::duration_cast<Duration>(SteadyClock::now() - instant);
  }

  bool AwaitDue(SteadyClock::time_point due) {
    Shared& it = *shared_;
    std::unique_lock lock(it.mutex);
    it.changed.wait_until(lock, due, [&] { return it.hurry || it.closing; });
    it.hurry = false;
    // Without the last word of some source there is no cut.
    it.changed.wait(lock, [&] { return !it.unsettled || it.closing; });
    return !it.closing;
  }

  bool Gather() {
    Shared& it = *shared_;
    std::unique_lock lock(it.mutex);
    const auto all = [&] {
      return it.arrived.size() + it.gone.size() == sources_;
    };
    it.gathering = true;
    it.changed.wait_for(lock, kGatherLimit,
                        [&] { return all() || it.unsettled || it.closing; });
    it.gathering = false;
    it.marking = all() && !it.unsettled && !it.closing;
    return it.marking;
  }

  void PutMarks() {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->parts = std::exchange(shared_->brought, {});
      shared_->unsaved = shared_->undurable = shards_.size();
      shared_->longest = Duration::zero();
    }
    for (Shard* shard : shards_) {
      shard->Save(
          [shared = shared_](ShardRecords records) {
            Saved(shared.get(), std::move(records));
          },
          [shared = shared_] {
            const std::lock_guard lock(shared->mutex);
            --shared->undurable;
            shared->changed.notify_all();
          });
    }
    const std::lock_guard lock(shared_->mutex);
    shared_->marking = false;
    ++shared_->marked;
    shared_->changed.notify_all();
  }

  static void Saved(Shared* shared, ShardRecords records) {
    const std::lock_guard lock(shared->mutex);
    for (CellRecords& it : records.cells) {
      it.customers.Add(RecordKind::kEngine, std::to_string(it.cell.number),
                       it.own);
      shared->parts.push_back(
          {.cell = it.cell, .records = std::move(it.customers)});
    }
    shared->longest = std::max(shared->longest, records.took);
    --shared->unsaved;
    shared->changed.notify_all();
  }

  bool AwaitShards() {
    Shared& it = *shared_;
    std::unique_lock lock(it.mutex);
    it.changed.wait(lock, [&] {
      return (it.unsaved == 0 && it.undurable == 0) || it.closing;
    });
    return !it.closing;
  }

  // Nobody else touches the parts any more.
  bool Commit() {
    for (;;) {
      const auto began = SteadyClock::now();
      const CheckpointResult result = sink_->Write(shared_->parts);
      Report(result, Since(began) + shared_->longest);
      std::unique_lock lock(shared_->mutex);
      if (result.fate != CheckpointResult::Fate::kTryAgain) {
        const bool written = result.fate == CheckpointResult::Fate::kWritten;
        (written ? shared_->committed : shared_->voided) = shared_->marked;
        shared_->parts.clear();
        shared_->changed.notify_all();
        return true;
      }
      shared_->changed.wait_for(lock, kRetryEvery,
                                [this] { return shared_->closing; });
      if (shared_->closing) return false;
    }
  }

  void Report(const CheckpointResult& result, Duration took) {
    CheckpointReport report;
    report.problem = result.problem;
    report.is_void = result.fate == CheckpointResult::Fate::kVoid;
    report.took = took;
    for (const CheckpointPart& part : shared_->parts) {
      report.records += part.records.size();
      report.bytes += part.records.bytes();
    }
    report.stored = sink_->size();
    observer_->OnCheckpoint(report);
  }

  CheckpointSink* const sink_;
  const Duration every_;
  const std::size_t sources_;
  const std::vector<Shard*> shards_;
  PipelineObserver* const observer_;
  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Checkpointer> NewCheckpointer(CheckpointSink* sink,
                                              Duration every,
                                              std::size_t sources,
                                              std::vector<Shard*> shards,
                                              CheckpointPart first,
                                              PipelineObserver* observer) {
  return std::make_unique<CheckpointerImpl>(
      sink, every, sources, std::move(shards), std::move(first), observer);
}

}  // namespace premura
