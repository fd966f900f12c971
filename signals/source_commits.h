// SPDX-License-Identifier: Apache-2.0
// SourceCommits: how a source's positions move on: behind barriers through all
// shards, or, where there are checkpoints, with the cuts that it takes part in.
// Part of the pipeline.
//
// Thread: the source's; under_way() any.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "signals/barrier.h"
#include "signals/checkpointer.h"
#include "signals/shard.h"

namespace premura {

class SourceCommits {
 public:
  class Host {
   public:
    virtual ~Host() = default;
    // Hands on all it has, and tells its counts.
    virtual void HandOnAll() = 0;
    // Whether dead letters are durable.
    virtual bool LettersAreSafe() = 0;
    virtual Positions HandedOn() = 0;
    virtual Positions ToCommit() = 0;
    virtual std::vector<CheckpointPart> WriteDown() = 0;
    // What was written down last is part of a cut.
    virtual void OnCut() = 0;
    virtual void Commit(const Positions& positions) = 0;
  };

  SourceCommits(std::size_t index, std::vector<Shard*> shards, Host* host)
      : index_(index),
        shards_(std::move(shards)),
        host_(host),
        barriers_(std::make_shared<BarrierTracker>()) {}

  // nullptr: there are none. Must outlive the thread.
  void Use(Checkpointer* checkpoints) { checkpoints_ = checkpoints; }

  // False if letters are not safe, and nothing moves on.
  bool PutBarrier();
  void CommitReached();
  // Arrives, if a cut is being gathered.
  void TakePartInCut();
  // What cells have become since the cut before is void: the last cut is. Once.
  bool TakeVoid();
  void Hurry();
  // What has been read becomes durable and is committed, as far as `limit`
  // allows. Whether a cut takes in all of it.
  bool Settle(Duration limit);
  // The partition was lost.
  void Forget(std::uint32_t partition);
  // Hands on nothing any more.
  void Leave(bool settled);

  int under_way() const { return barriers_->under_way(); }
  bool WaitFor(int most, Duration limit) {
    return barriers_->WaitFor(most, limit);
  }

 private:
  bool Arrive(Duration limit);
  std::optional<Positions> TakeCommittedCut();

  const std::size_t index_;
  const std::vector<Shard*> shards_;
  Host* const host_;
  const std::shared_ptr<BarrierTracker> barriers_;
  Checkpointer* checkpoints_ = nullptr;
  std::uint64_t cut_ = 0;    // Waits for its commit; 0: none does,
  Positions cut_positions_;  // and with it these.
  std::uint64_t voided_ = 0;
};

}  // namespace premura
