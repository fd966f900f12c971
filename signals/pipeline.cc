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
        checkpoint_every_(options.checkpoint_every),
        observer_(observer) {
    std::vector<Shard*> shards;
    const auto count = static_cast<std::size_t>(options.shards);
    for (std::size_t i = 0; i < count; ++i) {
      shards_.push_back(NewShard(sources.size(), options.batches_queued, rules,
                                 profiles, sink,
                                 [i, count](std::string_view customer) {
                                   return ShardOf(customer, count) == i;
                                 }));
      shards.push_back(shards_.back().get());
    }
    for (std::size_t i = 0; i < sources.size(); ++i) {
      ids_.push_back(sources[i].id);
      workers_.push_back(NewSourceWorker(i, std::move(sources[i]), options,
                                         rules, shards, dead_letters,
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
    if (store_ != nullptr) {
      checkpointer_ =
          NewCheckpointer(store_, checkpoint_every_, workers_.size(), Shards(),
                          std::move(first_records_), observer_);
      checkpointer_->Start();
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
    const auto routed =
        std::make_shared<const Routed>(Route(std::move(changed)));
    for (const auto& worker : workers_) {
      worker->Use(rules, [this, rules, left, routed] {
        if (--*left > 0) return;
        for (std::size_t i = 0; i < shards_.size(); ++i) {
          shards_[i]->Use(rules, (*routed)[i]);
        }
      });
    }
  }

  // A shard has its share of the customers.
  void Use(const SelfPreservation& bounds) override {
    for (const auto& worker : workers_) worker->Use(bounds);
    SelfPreservation share = bounds;
    share.min_customers =
        (bounds.min_customers + shards_.size() - 1) / shards_.size();
    for (const auto& shard : shards_) shard->Use(share);
  }

  PipelineHealth Health() const override {
    PipelineHealth health;
    for (const auto& worker : workers_) {
      health.sources.push_back(worker->State());
    }
    for (const auto& shard : shards_) health.shards.push_back(shard->Stats());
    return health;
  }

  void Explain(const std::string& customer,
               std::function<void(CustomerStanding)> told) override {
    shards_[ShardOf(customer, shards_.size())]->Explain(customer,
                                                        std::move(told));
  }

  bool Finished() const override {
    return std::all_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker->Finished(); });
  }

  void Stop(Duration limit) override {
    for (const auto& worker : workers_) worker->BeginStop(limit);
    for (const auto& worker : workers_) worker->Join();
    if (checkpointer_) checkpointer_->Close();
    for (const auto& shard : shards_) shard->Close();
  }

 private:
  using Routed = std::vector<std::vector<std::string>>;  // By shard.

  Routed Route(std::vector<std::string> customers) const {
    Routed routed(shards_.size());
    for (std::string& customer : customers) {
      routed[ShardOf(customer, routed.size())].push_back(std::move(customer));
    }
    return routed;
  }

  std::vector<Shard*> Shards() const {
    std::vector<Shard*> shards;
    for (const auto& shard : shards_) shards.push_back(shard.get());
    return shards;
  }

  CheckpointStore* const store_;
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
