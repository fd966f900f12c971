// SPDX-License-Identifier: Apache-2.0
#include "signals/restorer.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <utility>

#include "signals/seen_log.h"

namespace premura {
namespace {

constexpr std::string_view kProfilesAreHere = "1";

// Each shard has one.
CellId CellOf(std::size_t shard) {
  return {.number = static_cast<std::uint32_t>(shard)};
}

}  // namespace

Restorer::Restorer(std::vector<Shard*> shards, std::vector<std::string> ids,
                   std::vector<SourceWorker*> workers,
                   PipelineObserver* observer)
    : shards_(std::move(shards)),
      ids_(std::move(ids)),
      workers_(std::move(workers)),
      observer_(observer),
      customers_(shards_.size()) {}

Status Restorer::Restore(CheckpointStore* store,
                         const Pipeline::RestoreProgress& progress,
                         CheckpointRecords* first) {
  progress_ = progress;
  total_ = store->size();
  Status restored = store->Restore(this);
  if (!restored.ok()) return restored;
  BeginCustomers();
  LoadEngines(first);
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    std::promise<Status> told;
    shards_[i]->EndLoading(
        CellOf(i), [&told](const Status& loaded) { told.set_value(loaded); });
    const Status loaded = told.get_future().get();
    if (restored.ok() && !loaded.ok()) restored = loaded;
  }
  const Status resumed = resumed_.get();
  if (!restored.ok()) return restored;
  if (!resumed.ok()) return resumed;
  DropOtherSources(first);
  if (!knows_profiles_) {
    first->Add(RecordKind::kProfile, kEverybody, kProfilesAreHere);
  }
  return {};
}

Status Restorer::Take(CheckpointRecords records) {
  Status taken;
  records.ForEach(
      [&](RecordKind kind, std::string_view key, std::string_view bytes) {
        if (taken.ok()) taken = Take(kind, key, bytes);
      });
  if (!taken.ok()) return taken;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (customers_[i].empty()) continue;
    shards_[i]->Load(CellOf(i), std::exchange(customers_[i], {}));
  }
  done_ += records.size();
  if (progress_) progress_(done_, total_);
  return {};
}

Status Restorer::Take(RecordKind kind, std::string_view key,
                      std::string_view bytes) {
  const auto damaged = [key] {
    return Error{"the record of " + std::string(key) + " is damaged"};
  };
  switch (kind) {
    case RecordKind::kSource:
      if (!Unpack(bytes, &sources_[std::string(key)])) return damaged();
      return {};
    case RecordKind::kSeen:
      seen_[std::string(SeenLog::SourceOf(key))].emplace(key, bytes);
      return {};
    case RecordKind::kEngine: {
      std::size_t number = 0;
      const char* const end = key.data() + key.size();
      if (std::from_chars(key.data(), end, number).ptr != end) return damaged();
      engines_[number] = bytes;
      return {};
    }
    case RecordKind::kProfile:
      if (key == kEverybody) return TakeAllProfiles(bytes);
      [[fallthrough]];
    case RecordKind::kCustomer:
      BeginCustomers();
      customers_[ShardOf(key, shards_.size())].Add(kind, key, bytes);
      return {};
  }
  return damaged();
}

// Those that were known then come after it.
Status Restorer::TakeAllProfiles(std::string_view bytes) {
  if (bytes != kProfilesAreHere) {
    return Error{"the record of what is known of customers is damaged"};
  }
  knows_profiles_ = true;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    shards_[i]->ForgetProfiles(CellOf(i));
  }
  return {};
}

// Before any state comes: what is held must not go off. All that is kept of the
// sources has come by then; it is long, and they take it up meanwhile.
void Restorer::BeginCustomers() {
  if (resumed_.valid()) return;
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto it = sources_.find(ids_[i]);
    if (it == sources_.end()) continue;
    for (Shard* shard : shards_) shard->Set(i, it->second.stall.stall);
  }
  resumed_ = std::async(std::launch::async, [this] { return ResumeSources(); });
}

// Customers of shard i of n are now in those shards j of m for which i and j
// are the same modulo what divides both.
void Restorer::LoadEngines(CheckpointRecords* first) {
  const std::size_t before =
      engines_.empty() ? 1 : engines_.rbegin()->first + 1;
  const std::size_t common = std::gcd(before, shards_.size());
  for (const auto& [number, record] : engines_) {
    for (std::size_t i = number % common; i < shards_.size(); i += common) {
      shards_[i]->LoadOwn(CellOf(i), record, shards_.size() / common);
    }
    if (number >= shards_.size()) {
      first->Add(RecordKind::kEngine, std::to_string(number), {});
    }
  }
}

// Nobody reads them any more.
void Restorer::DropOtherSources(CheckpointRecords* first) {
  std::set<std::string> gone;
  for (const auto& [id, record] : sources_) gone.insert(id);
  for (const auto& [id, parts] : seen_) gone.insert(id);
  for (const std::string& id : ids_) gone.erase(id);
  for (const std::string& id : gone) {
    const SourceRecord& record = sources_[id];
    for (const auto& [number, partition] : record.partitions) {
      for (std::size_t i = 0; i < shards_.size(); ++i) {
        shards_[i]->Forget(CellOf(i), record.number << 24 | number);
      }
      if (!partition.progress) continue;
      observer_->OnStateLost(id, partition.name,
                             "its source is not configured any more");
    }
    first->Add(RecordKind::kSource, id, {});
    for (const auto& [key, bytes] : seen_[id]) {
      first->Add(RecordKind::kSeen, key, {});
    }
    sources_.erase(id);
  }
}

// A source that is new gets a number that no other has.
Status Restorer::ResumeSources() {
  std::set<std::uint32_t> taken;
  for (const auto& [id, record] : sources_) taken.insert(record.number);
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const auto [it, is_new] = sources_.try_emplace(ids_[i]);
    if (is_new) {
      while (taken.contains(it->second.number)) ++it->second.number;
      taken.insert(it->second.number);
    }
    if (!workers_[i]->Resume(std::move(it->second), seen_[ids_[i]])) {
      return Error{"what source " + ids_[i] + " remembers is damaged"};
    }
  }
  return {};
}

}  // namespace premura
