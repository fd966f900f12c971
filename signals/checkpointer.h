// SPDX-License-Identifier: Apache-2.0
// Checkpointer: writes down, again and again, what all sources and shards know
// as of one instant. Part of the pipeline.
//
// A cut: every source arrives, having handed on all it has, and stands still
// until a mark has been put into every shard. A shard that comes to its mark
// writes down what has changed. When all have, and all their output up to there
// is durable, the checkpoint is written to the sink.
//
// One cut at a time. A sink that fails is tried again with the same
// checkpoint, and nothing is cut meanwhile, so memory stays bounded. Cuts come
// so seldom that writing takes about a twentieth of the time at most.
//
// Threads: one of its own, and those of the sources.

#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "signals/checkpoint_sink.h"
#include "signals/pipeline.h"
#include "signals/shard.h"

namespace premura {

class Checkpointer {
 public:
  virtual ~Checkpointer() = default;  // Closes.

  virtual void Start() = 0;

  // --- Source threads --------------------------------------------------------

  // Whether a cut waits for the sources. Cheap.
  virtual bool IsGathering() const = 0;
  // The source has handed on all it has; `parts` say how far it is. Answers the
  // number of the cut that took it in, once it may go on; 0 if there was none
  // within `limit`.
  virtual std::uint64_t Arrive(std::size_t source,
                               std::vector<CheckpointPart> parts,
                               Duration limit) = 0;
  // The source hands on nothing any more. Unless it has arrived since it last
  // did (`settled`), there will be no cut again.
  virtual void Leave(std::size_t source, bool settled) = 0;

  // --- Any thread ------------------------------------------------------------

  // A cut is wanted at once.
  virtual void Hurry() = 0;
  // All cuts up to this one are in the store, but for those that are void.
  virtual std::uint64_t committed() const = 0;
  // The last cut that is (CheckpointResult::kVoid); 0: none.
  virtual std::uint64_t voided() const = 0;
  // False if `limit` passed, or it is void.
  virtual bool AwaitCommit(std::uint64_t cut, Duration limit) = 0;
  // Hurries, and waits until a cut that began since is in the store.
  virtual bool Now(Duration limit) = 0;
  // Ends the thread; what is under way stays undone.
  virtual void Close() = 0;
};

// `first`: goes along with the first checkpoint. Pointers must outlive it.
std::unique_ptr<Checkpointer> NewCheckpointer(CheckpointSink* sink,
                                              Duration every,
                                              std::size_t sources,
                                              std::vector<Shard*> shards,
                                              CheckpointPart first,
                                              PipelineObserver* observer);

}  // namespace premura
