// SPDX-License-Identifier: Apache-2.0
// A partition comes: its cell is opened, and loaded by the store while the
// source goes on with the others. Only then it begins, from where the state
// says.
//
// It goes: its cell is kept as it is, but takes nothing and is not written. If
// the next assignment brings it back, as most do, the store is asked whether
// anybody else has written of it, and if nobody has it goes on; else all that
// is in memory goes, too.

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
      if (it.stage == Stage::kBegun) feeds.push_back(it.feed.get());
    }
    return feeds;
  }

  void Assign(std::uint32_t partition,
              const PartitionStart& /*start*/) override {
    const std::uint32_t number = options_.source->NumberInTopic(partition);
    if (!cells_.contains(number)) Open(number, "");
    Held& it = cells_[number];
    (it.stage == Stage::kKept ? it.back : it.inputs).push_back(partition);
  }

  // Whoever gets one of a cell's partitions gets them all.
  void Revoke(std::uint32_t partition) override {
    const auto it = cells_.find(options_.source->NumberInTopic(partition));
    if (it == cells_.end()) return;
    // What waits for a cut would be in it without the cell's customers.
    if (it->second.stage == Stage::kBegun && !it->second.waits_for_cut) {
      Keep(&it->second);
    } else if (it->second.stage == Stage::kKept) {
      it->second.back.clear();
    } else {
      LetGo(it->first);
    }
  }
  void MarkHeld() override {
    for (const auto& [number, it] : cells_) it.feed->MarkHeld();
  }

  bool Serve(const std::function<void(const StallRecord&)>& stalled) override {
    SettleKept();
    for (auto& [number, it] : cells_) {
      if (it.stage != Stage::kNew) continue;
      it.stage = Stage::kAsked;
      Ask(it);
    }
    // One at a time: brokers are asked about each, and who does not poll for
    // long is a member no more.
    while (std::optional<LoadedCell> next = NextLoaded()) {
      const auto it = cells_.find(next->cell.number);
      if (it == cells_.end() || it->second.id != next->cell) continue;
      if (!TakeWord(&it->second, *std::move(next), stalled)) return false;
      options_.source->Fetch();
      return true;
    }
    return false;
  }

  void StartOver() override {
    for (const std::uint32_t number : Numbers()) {
      Held& it = cells_[number];
      if (it.stage == Stage::kKept) it.inputs = it.back;
      Reopen(number, "");
    }
  }

  std::vector<CheckpointPart> WriteDown(const StallRecord& stall) override {
    std::vector<CheckpointPart> parts;
    for (auto& [number, it] : cells_) {
      if (it.stage != Stage::kBegun) continue;
      it.waits_for_cut = true;
      CheckpointPart& part = parts.emplace_back();
      part.cell = it.id;
      part.records = it.feed->WriteDown(stall);
      part.membership = it.membership;
      for (const auto& [partition, position] : it.feed->HandedOn()) {
        part.positions[options_.source->Origin(partition)] = position;
      }
    }
    return parts;
  }

  void OnCut() override {
    for (auto& [number, it] : cells_) it.waits_for_cut = false;
  }

  // The store commits them, with what it writes.
  Positions ToCommit() override { return {}; }
  bool Resume(SourceRecord /*record*/,
              const std::map<std::string, std::string>& /*seen*/) override {
    return true;
  }

 private:
  enum class Stage {
    kNew,    // Ours; the store is to be asked,
    kAsked,  // and has been,
    kBegun,  // and has answered: it is read.
    kKept,   // Not ours; it may come back.
  };
  struct Held {
    CellId id;
    Shard* shard = nullptr;
    std::unique_ptr<Feed> feed;
    std::vector<std::uint32_t> inputs{};
    // The member that the source was when it was told of them last.
    std::shared_ptr<const Membership> membership{};
    // Not empty: what is known of it does not count, and why.
    std::string lost{};
    Stage stage = Stage::kNew;
    bool was_kept = false;
    bool waits_for_cut = false;         // What its feed has written down.
    std::vector<std::uint32_t> back{};  // Of those that are kept.
  };

  std::optional<LoadedCell> NextLoaded() {
    const std::lock_guard lock(inbox_->mutex);
    if (inbox_->loaded.empty()) return std::nullopt;
    LoadedCell next = std::move(inbox_->loaded.front());
    inbox_->loaded.pop_front();
    return next;
  }

  std::vector<std::uint32_t> Numbers() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, it] : cells_) numbers.push_back(number);
    return numbers;
  }

  // --- Those that went -------------------------------------------------------

  void Keep(Held* it) {
    HoldInputs(*it);
    it->shard->Pause(it->id);
    it->stage = Stage::kKept;
    it->back.clear();
  }

  void HoldInputs(const Held& it) {
    for (const std::uint32_t partition : it.inputs) {
      options_.source->Hold(partition);
      if (partition < of_.size()) of_[partition] = nullptr;
    }
  }

  // Once there is another assignment.
  void SettleKept() {
    const auto membership = options_.source->AsMember();
    for (const std::uint32_t number : Numbers()) {
      Held& it = cells_[number];
      if (it.stage != Stage::kKept || it.membership == membership) continue;
      std::sort(it.inputs.begin(), it.inputs.end());
      std::sort(it.back.begin(), it.back.end());
      if (it.inputs != it.back) {
        it.inputs = it.back;
        Reopen(number, "");
        continue;
      }
      it.membership = membership;
      it.was_kept = true;
      it.stage = Stage::kNew;
    }
  }

  // False: it is to be loaded.
  bool GoOn(Held* it, bool kept) {
    // What it holds back was decoded for the rules before.
    if (!kept || it->feed->HoldsOlder()) {
      Reopen(it->id.number, "");
      return false;
    }
    it->was_kept = false;
    it->shard->Begin(it->id);
    for (const std::uint32_t partition : it->inputs) {
      options_.source->GoOn(partition);
      it->feed->GoOn(partition);
      of_[partition] = it->feed.get();
    }
    it->stage = Stage::kBegun;
    return true;
  }

  // --- All -------------------------------------------------------------------

  void Open(std::uint32_t number, std::string lost) {
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
          .lost = std::move(lost)};
  }

  void Drop(std::uint32_t number) {
    const auto it = cells_.find(number);
    if (it == cells_.end()) return;
    HoldInputs(it->second);
    it->second.shard->Drop(it->second.id);
    options_.cells->Drop(it->second.id);
    cells_.erase(it);
  }

  // It is somebody else's now.
  void LetGo(std::uint32_t number) {
    const Held& it = cells_[number];
    it.shard->ForgetProfiles(it.id);
    Drop(number);
  }

  // Without inputs it is not ours any more.
  void Reopen(std::uint32_t number, std::string lost) {
    std::vector<std::uint32_t> inputs = cells_[number].inputs;
    if (inputs.empty()) return LetGo(number);
    Drop(number);
    Open(number, std::move(lost));
    cells_[number].inputs = std::move(inputs);
  }

  void Ask(const Held& it) {
    CellStore::Request request;
    request.cell = it.id;
    request.shard = it.shard;
    request.anew = !it.lost.empty();
    request.kept = it.was_kept;
    for (const std::uint32_t partition : it.inputs) {
      request.inputs.push_back(options_.source->Origin(partition));
    }
    request.told = [inbox = inbox_](LoadedCell loaded) {
      const std::lock_guard lock(inbox->mutex);
      inbox->loaded.push_back(std::move(loaded));
    };
    options_.cells->Load(std::move(request));
  }

  bool TakeWord(Held* it, LoadedCell loaded,
                const std::function<void(const StallRecord&)>& stalled) {
    return it->was_kept ? GoOn(it, loaded.kept)
                        : Begin(it, std::move(loaded), stalled);
  }

  // False: it is to be loaded once more.
  bool Begin(Held* it, LoadedCell loaded,
             const std::function<void(const StallRecord&)>& stalled) {
    SourceRecord record;
    Status whole = std::move(loaded.loaded);
    if (whole.ok() && !loaded.source.empty()) {
      whole = TakeUp(*it, loaded, &record);
    }
    if (!whole.ok()) {
      Reopen(it->id.number, whole.error().message);
      return false;
    }
    std::vector<PartitionStart> starts;
    for (const std::uint32_t partition : it->inputs) {
      starts.push_back(BeginInput(partition, record, !loaded.source.empty()));
      // Nothing of the cell counts without all that it rests on.
      if (!starts.back().why.empty() && !loaded.source.empty()) {
        Reopen(it->id.number, starts.back().why);
        return false;
      }
    }
    TellLoss(*it, loaded, starts);
    stalled(record.stall);
    it->shard->Begin(it->id);
    for (std::size_t i = 0; i < starts.size(); ++i) {
      BeginFeed(it, it->inputs[i], starts[i]);
    }
    it->stage = Stage::kBegun;
    return true;
  }

  // Once for a cell, with all there is to say.
  void TellLoss(const Held& it, const LoadedCell& loaded,
                const std::vector<PartitionStart>& starts) const {
    std::vector<std::string> why;
    if (!it.lost.empty()) why.push_back(it.lost);
    if (!loaded.gap.empty()) why.push_back(loaded.gap);
    for (const PartitionStart& start : starts) {
      if (!start.why.empty()) why.push_back(start.why);
    }
    if (why.empty()) return;
    options_.observer->OnStateLost(options_.id,
                                   fmt::format("partition {}", it.id.number),
                                   fmt::format("{}", fmt::join(why, "; ")));
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

  PartitionStart BeginInput(std::uint32_t partition, const SourceRecord& record,
                            bool any) const {
    const auto known = record.partitions.find(partition);
    if (known == record.partitions.end() || !known->second.progress) {
      // A topic that joins others, or has come back to them, takes nothing from
      // what they know.
      const PartitionPlace joins = {.number = partition, .position = -1};
      return options_.source->Begin(partition, any ? &joins : nullptr);
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
    if (partition >= of_.size()) of_.resize(partition + 1);
    of_[partition] = it->feed.get();
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
