// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "signals/source_feeds.h"

namespace premura {
namespace {

std::vector<FeedTarget> AllShards(const std::vector<Shard*>& shards) {
  std::vector<FeedTarget> targets;
  for (std::uint32_t i = 0; i < shards.size(); ++i) {
    targets.push_back({shards[i], {.number = i}});
  }
  return targets;
}

class SharedFeed final : public SourceFeeds {
 public:
  explicit SharedFeed(const SourceFeedsOptions& options)
      : options_(options),
        feed_(options.index, options.id, AllShards(options.shards),
              options.intake, options.decoder, options.listener) {}

  Feed* Of(std::uint32_t /*partition*/) override {
    if (feed_.has_missing()) ForgetMissing();
    return &feed_;
  }
  std::vector<Feed*> All() override { return {&feed_}; }

  void Assign(std::uint32_t partition, const PartitionStart& start) override {
    const std::string name = options_.source->Origin(partition);
    feed_.Assign(partition, name, options_.source->Identity(partition), start);
    if (start.why.empty()) return;
    options_.observer->OnStateLost(options_.id, name, start.why);
  }
  void Revoke(std::uint32_t partition) override { feed_.Revoke(partition); }

  void MarkHeld() override { feed_.MarkHeld(); }
  bool Serve(
      const std::function<void(const StallRecord&)>& /*stalled*/) override {
    return false;
  }
  void StartOver() override {}

  void OnCut() override {}
  std::vector<CheckpointPart> WriteDown(const StallRecord& stall) override {
    std::vector<CheckpointPart> parts(1);
    parts.front().records = feed_.WriteDown(stall);
    return parts;
  }
  Positions ToCommit() override { return feed_.ToCommit(); }

  bool Resume(SourceRecord record,
              const std::map<std::string, std::string>& seen) override {
    const bool whole = feed_.Resume(std::move(record), seen);
    options_.source->Resume(feed_.Places());
    return whole;
  }

 private:
  // Partitions come together: what is not there when one of them is read has
  // another owner.
  void ForgetMissing() {
    for (const std::uint32_t partition : feed_.TakeMissing()) {
      feed_.Forget(partition);
      options_.observer->OnStateLost(options_.id,
                                     options_.source->Origin(partition),
                                     "it is not read here any more");
    }
  }

  const SourceFeedsOptions options_;
  Feed feed_;
};

}  // namespace

std::unique_ptr<SourceFeeds> NewSharedFeed(const SourceFeedsOptions& options) {
  return std::make_unique<SharedFeed>(options);
}

}  // namespace premura
