// SPDX-License-Identifier: Apache-2.0
// SourceFeeds: which feed each partition of a source has, from its assignment
// to its end. Part of the pipeline.
//
// Thread: the source's.

#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "signals/cell_store.h"
#include "signals/feed.h"

namespace premura {

struct SourceFeedsOptions {
  std::size_t index = 0;  // Of the source.
  std::string id;
  IntakeOptions intake;
  std::vector<Shard*> shards;
  Source* source = nullptr;
  EventDecoder* decoder = nullptr;
  Feed::Listener* listener = nullptr;
  PipelineObserver* observer = nullptr;
  CellStore* cells = nullptr;  // For CellFeeds only.
};

class SourceFeeds {
 public:
  virtual ~SourceFeeds() = default;

  // REQUIRES: the partition is assigned, and read.
  virtual Feed* Of(std::uint32_t partition) = 0;
  virtual std::vector<Feed*> All() = 0;

  virtual void Assign(std::uint32_t partition, const PartitionStart& start) = 0;
  virtual void Revoke(std::uint32_t partition) = 0;
  // Of all feeds, also of those whose partitions may come back.
  virtual void MarkHeld() = 0;
  // What has come meanwhile; whether cells began, whose claim is to be written.
  // `stalled` is called first with how they were when they were written down.
  virtual bool Serve(
      const std::function<void(const StallRecord&)>& stalled) = 0;
  // The last cut is void: nothing that cells have become since the one before
  // counts.
  virtual void StartOver() = 0;

  // For a checkpoint.
  virtual std::vector<CheckpointPart> WriteDown(const StallRecord& stall) = 0;
  // What was written down last is part of a cut.
  virtual void OnCut() = 0;
  virtual Positions ToCommit() = 0;

  // Before the start: see SourceWorker::Resume().
  virtual bool Resume(SourceRecord record,
                      const std::map<std::string, std::string>& seen) = 0;
};

// One for all partitions, over the cells of all shards.
std::unique_ptr<SourceFeeds> NewSharedFeed(const SourceFeedsOptions& options);
// One for each number of a partition, with its cell, which is loaded first.
// REQUIRES: the source holds its partitions.
std::unique_ptr<SourceFeeds> NewCellFeeds(const SourceFeedsOptions& options);

}  // namespace premura
