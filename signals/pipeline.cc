// SPDX-License-Identifier: Apache-2.0
#include "signals/pipeline.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "signals/checkpointer.h"
#include "signals/restorer.h"
#include "signals/shard.h"
#include "signals/source_worker.h"

namespace premura {
namespace {

class PipelineImpl final : public Pipeline {
 public:
  PipelineImpl(const PipelineOptions& options,
               std::vector<PipelineSource> sources,
               const std::shared_ptr<const RuleSet>& rules,
               ProfileStore* profiles, OutputSink* sink,
               DeadLetterSink* dead_letters, PipelineObserver* observer)
      : store_(options.checkpoints),
        cells_(options.cells),
        checkpoint_every_(options.checkpoint_every),
        observer_(observer) {
    for (int i = 0; i < options.shards; ++i) {
      shards_.push_back(NewShard(sources.size(), options.batches_queued, rules,
                                 profiles, sink));
    }
    if (cells_ == nullptr) OpenCells();
    for (std::size_t i = 0; i < sources.size(); ++i) {
      ids_.push_back(sources[i].id);
      workers_.push_back(NewSourceWorker(i, std::move(sources[i]), options,
                                         rules, Shards(), dead_letters,
                                         observer));
    }
    Use(options.self_preservation);
  }

  ~PipelineImpl() override { Stop(Duration::zero()); }

  Status Restore(const RestoreProgress& progress) override {
    if (store_ == nullptr) return {};
    std::vector<SourceWorker*> workers;
    for (const auto& worker : workers_) workers.push_back(worker.get());
    Restorer restorer(Shards(), ids_, std::move(workers), observer_);
    return restorer.Restore(store_, progress, &first_records_);
  }

  void Start() override {
    if (CheckpointSink* const sink = Sink()) {
      checkpointer_ =
          NewCheckpointer(sink, checkpoint_every_, workers_.size(), Shards(),
                          {.records = std::move(first_records_)}, observer_);
      checkpointer_->Start();
    }
    if (cells_ == nullptr) {
      for (std::size_t i = 0; i < shards_.size(); ++i) {
        shards_[i]->Begin(CellOf(i));
      }
    }
    for (const auto& worker : workers_) worker->Start(checkpointer_.get());
  }

  bool Checkpoint(Duration limit) override {
    return checkpointer_ != nullptr && checkpointer_->Now(limit);
  }

  // Every source first decodes for the new rules, which know all that the old
  // ones ask for; only then do the shards change over. So no event meets rules
  // that ask for a field it was not decoded for.
  void Use(std::shared_ptr<const RuleSet> rules,
           std::vector<std::string> changed) override {
    auto left = std::make_shared<std::atomic<std::size_t>>(workers_.size());
    const auto customers =
        std::make_shared<const std::vector<std::string>>(std::move(changed));
    for (const auto& worker : workers_) {
      worker->Use(rules, [this, rules, left, customers] {
        if (--*left > 0) return;
        for (const auto& shard : shards_) shard->Use(rules, customers);
      });
    }
  }

  // A cell has its share of the customers.
  void Use(const SelfPreservation& bounds) override {
    for (const auto& worker : workers_) worker->Use(bounds);
    SelfPreservation share = bounds;
    const std::size_t cells =
        cells_ == nullptr ? shards_.size() : cells_->cells();
    share.min_customers = (bounds.min_customers + cells - 1) / cells;
    for (const auto& shard : shards_) shard->Use(share);
  }

  PipelineHealth Health() const override {
    PipelineHealth health;
    for (const auto& worker : workers_) {
      health.sources.push_back(worker->State());
    }
    for (const auto& shard : shards_) {
      for (const EngineStats& cell : shard->Stats()) {
        health.cells.push_back(cell);
      }
    }
    if (cells_ == nullptr) return health;
    health.cell_store = cells_->Health();
    // What waits for its state is behind, too.
    std::int64_t& lag = health.sources.front().health.lag;
    const std::int64_t unread = health.cell_store->unread;
    lag = lag < 0 || unread < 0 ? -1 : lag + unread;
    return health;
  }

  void Explain(const std::string& customer,
               std::function<void(CustomerStanding)> told) override {
    const std::size_t shard = cells_ == nullptr
                                  ? ShardOf(customer, shards_.size())
                                  : cells_->CellOf(customer) % shards_.size();
    shards_[shard]->Explain(customer, std::move(told));
  }

  bool Finished() const override {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker->Finished(); });
  }

  void Stop(Duration limit) override {
    for (const auto& worker : workers_) worker->BeginStop(limit);
    for (const auto& worker : workers_) worker->Join();
    // Whose cell is not there yet needs it no more, and who wonders whether a
    // commit is there leaves that to the next life.
    if (cells_ != nullptr) cells_->Close();
    if (checkpointer_) checkpointer_->Close();
    for (const auto& shard : shards_) shard->Close();
  }

 private:
  static CellId CellOf(std::size_t shard) {
    return {.number = static_cast<std::uint32_t>(shard)};
  }

  // State on one machine: each shard has one, for its share of the customers.
  void OpenCells() {
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      CellOptions options;
      options.owns = [i, count = shards_.size()](std::string_view customer) {
        return ShardOf(customer, count) == i;
      };
      options.keeps_profiles = store_ != nullptr;
      shards_[i]->Open(CellOf(i), std::move(options));
    }
  }

  CheckpointSink* Sink() {
    if (cells_ != nullptr) return cells_;
    if (store_ == nullptr) return nullptr;
    if (!store_sink_) store_sink_ = std::make_unique<StoreSink>(store_);
    return store_sink_.get();
  }

  std::vector<Shard*> Shards() const {
    std::vector<Shard*> shards;
    for (const auto& shard : shards_) shards.push_back(shard.get());
    return shards;
  }

  CheckpointStore* const store_;
  CellStore* const cells_;
  std::unique_ptr<CheckpointSink> store_sink_;
  const Duration checkpoint_every_;
  PipelineObserver* const observer_;
  CheckpointRecords first_records_;  // For the first checkpoint.
  std::vector<std::string> ids_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<Checkpointer> checkpointer_;
  std::vector<std::unique_ptr<SourceWorker>> workers_;  // Stop before shards.
};

}  // namespace

std::unique_ptr<Pipeline> NewPipeline(PipelineOptions options,
                                      std::vector<PipelineSource> sources,
                                      std::shared_ptr<const RuleSet> rules,
                                      ProfileStore* profiles, OutputSink* sink,
                                      DeadLetterSink* dead_letters,
                                      PipelineObserver* observer) {
  return std::make_unique<PipelineImpl>(options, std::move(sources), rules,
                                        profiles, sink, dead_letters, observer);
}

}  // namespace premura
