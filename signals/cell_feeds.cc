// SPDX-License-Identifier: Apache-2.0
// A partition comes: its cell is opened, and loaded by the store while the
// source goes on with the others. Only then it begins, from where the state
// says. It goes: all that is in memory goes with it.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "signals/source_feeds.h"

namespace premura {
namespace {

// What the store has told; outlives who asked.
struct Inbox {
  std::mutex mutex;
  std::deque<LoadedCell> loaded;  // Guarded by mutex.
};

class CellFeeds final : public SourceFeeds {
 public:
  explicit CellFeeds(const SourceFeedsOptions& options)
      : options_(options), inbox_(std::make_shared<Inbox>()) {}

  ~CellFeeds() override {
    while (!cells_.empty()) Drop(cells_.begin()->first);
  }

  Feed* Of(std::uint32_t partition) override {
    return partition < of_.size() ? of_[partition] : nullptr;
  }

  std::vector<Feed*> All() override {
    std::vector<Feed*> feeds;
    for (const auto& [number, it] : cells_) {
      if (it.begun) feeds.push_back(it.feed.get());
    }
    return feeds;
  }

  void Assign(std::uint32_t partition,
              const PartitionStart& /*start*/) override {
    const std::uint32_t number = options_.source->NumberInTopic(partition);
    if (!cells_.contains(number)) Open(number, false);
    cells_[number].inputs.push_back(partition);
  }

  // Whoever gets one of a cell's partitions gets them all.
  void Revoke(std::uint32_t partition) override {
    Drop(options_.source->NumberInTopic(partition));
  }
  void OnReading() override {}

  bool Serve(const std::function<void()>& stalled) override {
    for (auto& [number, it] : cells_) {
      if (!std::exchange(it.asked, true)) Load(it);
    }
    // One at a time: brokers are asked about each, and who does not poll for
    // long is a member no more.
    while (std::optional<LoadedCell> next = NextLoaded()) {
      const auto it = cells_.find(next->cell.number);
      if (it == cells_.end() || it->second.id != next->cell) continue;
      if (!Begin(&it->second, *std::move(next), stalled)) return false;
      options_.source->Fetch();
      return true;
    }
    return false;
  }

  void StartOver() override {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, it] : cells_) numbers.push_back(number);
    for (const std::uint32_t number : numbers) Reopen(number, false);
  }

  std::vector<CheckpointPart> WriteDown(bool stalled) override {
    std::vector<CheckpointPart> parts;
    for (auto& [number, it] : cells_) {
      if (!it.begun) continue;
      CheckpointPart& part = parts.emplace_back();
      part.cell = it.id;
      part.records = it.feed->WriteDown(stalled);
      part.membership = it.membership;
      for (const auto& [partition, position] : it.feed->HandedOn()) {
        part.positions[options_.source->Origin(partition)] = position;
      }
    }
    return parts;
  }

  // The store commits them, with what it writes.
  Positions ToCommit() override { return {}; }
  bool Resume(SourceRecord /*record*/,
              const std::map<std::string, std::string>& /*seen*/) override {
    return true;
  }

 private:
  struct Held {
    CellId id;
    Shard* shard = nullptr;
    std::unique_ptr<Feed> feed;
    std::vector<std::uint32_t> inputs{};
    std::shared_ptr<const Membership> membership{};
    bool anew = false;
    bool asked = false;  // For what is known of it.
    bool begun = false;
  };

  std::optional<LoadedCell> NextLoaded() {
    const std::lock_guard lock(inbox_->mutex);
    if (inbox_->loaded.empty()) return std::nullopt;
    LoadedCell next = std::move(inbox_->loaded.front());
    inbox_->loaded.pop_front();
    return next;
  }

  void Open(std::uint32_t number, bool anew) {
    const CellId id = {number, ++lives_};
    Shard* const shard = options_.shards[number % options_.shards.size()];
    shard->Open(
        id, {.owns = options_.cells->OwnerOf(number), .keeps_profiles = true});
    Held& it = cells_[number];
    it = {.id = id,
          .shard = shard,
          .feed = std::make_unique<Feed>(
              options_.index, "input", std::vector<FeedTarget>{{shard, id}},
              options_.intake, options_.decoder, options_.listener,
              options_.cells->OwnerOf(number)),
          .membership = options_.source->AsMember(),
          .anew = anew};
  }

  void Drop(std::uint32_t number) {
    const auto it = cells_.find(number);
    if (it == cells_.end()) return;
    for (const std::uint32_t partition : it->second.inputs) {
      options_.source->Hold(partition);
      if (partition < of_.size()) of_[partition] = nullptr;
    }
    it->second.shard->Drop(it->second.id);
    options_.cells->Drop(it->second.id);
    cells_.erase(it);
  }

  void Reopen(std::uint32_t number, bool anew) {
    std::vector<std::uint32_t> inputs = cells_[number].inputs;
    Drop(number);
    Open(number, anew);
    cells_[number].inputs = std::move(inputs);
  }

  void Load(const Held& it) {
    CellStore::Request request;
    request.cell = it.id;
    request.shard = it.shard;
    request.anew = it.anew;
    for (const std::uint32_t partition : it.inputs) {
      request.inputs.push_back(options_.source->Origin(partition));
    }
    request.told = [inbox = inbox_](LoadedCell loaded) {
      const std::lock_guard lock(inbox->mutex);
      inbox->loaded.push_back(std::move(loaded));
    };
    options_.cells->Load(std::move(request));
  }

  // False: it is to be loaded once more.
  bool Begin(Held* it, LoadedCell loaded,
             const std::function<void()>& stalled) {
    SourceRecord record;
    Status whole = std::move(loaded.loaded);
    if (whole.ok() && !loaded.source.empty()) {
      whole = TakeUp(*it, loaded, &record);
    }
    if (!whole.ok()) return Lose(it->id.number, whole.error().message);
    std::vector<PartitionStart> starts;
    for (const std::uint32_t partition : it->inputs) {
      starts.push_back(BeginInput(partition, record));
      // Nothing of the cell counts without all that it rests on.
      if (!starts.back().why.empty() && !loaded.source.empty()) {
        return Lose(it->id.number, starts.back().why);
      }
    }
    if (record.stalled) stalled();
    it->shard->Begin(it->id);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      BeginFeed(it, it->inputs[i], starts[i]);
    }
    it->begun = true;
    return true;
  }

  // Numbers of partitions are this process' own.
  Status TakeUp(const Held& it, const LoadedCell& loaded,
                SourceRecord* record) const {
    SourceRecord read;
    if (!Unpack(loaded.source, &read)) {
      return Error{"its place in the source is damaged"};
    }
    *record = read;
    record->number = static_cast<std::uint32_t>(options_.index);
    record->partitions.clear();
    for (const std::uint32_t partition : it.inputs) {
      const std::string name = options_.source->Origin(partition);
      for (const auto& [number, known] : read.partitions) {
        if (known.name == name) record->partitions[partition] = known;
      }
    }
    if (it.feed->Resume(*record, loaded.seen)) return {};
    return Error{"what it remembers of events seen is damaged"};
  }

  PartitionStart BeginInput(std::uint32_t partition,
                            const SourceRecord& record) const {
    const auto known = record.partitions.find(partition);
    if (known == record.partitions.end() || !known->second.progress) {
      return options_.source->Begin(partition, nullptr);
    }
    const PartitionPlace place = {
        partition, known->second.name, known->second.identity,
        known->second.progress->position, known->second.known};
    return options_.source->Begin(partition, &place);
  }

  void BeginFeed(Held* it, std::uint32_t partition,
                 const PartitionStart& start) {
    const std::string name = options_.source->Origin(partition);
    it->feed->Assign(partition, name, options_.source->Identity(partition),
                     start);
    if (!start.why.empty()) {
      options_.observer->OnStateLost(options_.id, name, start.why);
    }
    if (partition >= of_.size()) of_.resize(partition + 1);
    of_[partition] = it->feed.get();
  }

  bool Lose(std::uint32_t number, const std::string& why) {
    options_.observer->OnStateLost(options_.id,
                                   fmt::format("partition {}", number), why);
    Reopen(number, true);
    return false;
  }

  const SourceFeedsOptions options_;
  const std::shared_ptr<Inbox> inbox_;
  std::uint32_t lives_ = 0;
  std::map<std::uint32_t, Held> cells_;  // By number.
  std::vector<Feed*> of_;                // By the source's partition; or null.
};

}  // namespace

std::unique_ptr<SourceFeeds> NewCellFeeds(const SourceFeedsOptions& options) {
  return std::make_unique<CellFeeds>(options);
}

}  // namespace premura
