// SPDX-License-Identifier: Apache-2.0
// Restorer: brings what a store has to shards and sources. Part of the
// pipeline.
//
// Thread: one at a time, before the sources' start; shards take up what they
// are handed on theirs, side by side.

#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "signals/checkpoint_store.h"
#include "signals/pipeline.h"
#include "signals/shard.h"
#include "signals/source_record.h"
#include "signals/source_worker.h"

namespace premura {

class Restorer final : private CheckpointStore::Taker {
 public:
  // `ids`: the workers', in their order, which is the sources' in shards.
  Restorer(std::vector<Shard*> shards, std::vector<std::string> ids,
           std::vector<SourceWorker*> workers, PipelineObserver* observer);

  // `first`: what the first checkpoint is to say besides.
  Status Restore(CheckpointStore* store,
                 const Pipeline::RestoreProgress& progress,
                 CheckpointRecords* first);

 private:
  Status Take(CheckpointRecords records) override;
  Status Take(RecordKind kind, std::string_view key, std::string_view bytes);
  Status TakeAllProfiles(std::string_view bytes);
  void BeginCustomers();
  void LoadEngines(CheckpointRecords* first);
  Status ResumeSources();
  void DropOtherSources(CheckpointRecords* first);

  const std::vector<Shard*> shards_;
  const std::vector<std::string> ids_;
  const std::vector<SourceWorker*> workers_;
  PipelineObserver* const observer_;
  Pipeline::RestoreProgress progress_;
  std::uint64_t total_ = 0;
  std::uint64_t done_ = 0;
  bool knows_profiles_ = false;
  std::map<std::string, SourceRecord> sources_;
  // By source, then by key.
  std::map<std::string, std::map<std::string, std::string>> seen_;
  std::map<std::size_t, std::string> engines_;
  std::vector<CheckpointRecords> customers_;  // By shard.
  std::future<Status> resumed_;  // Last: it is waited for before the rest goes.
};

}  // namespace premura
