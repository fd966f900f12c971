// SPDX-License-Identifier: Apache-2.0
#include "signals/source_commits.h"

#include <chrono>
#include <utility>

#include "signals/time_limit.h"

namespace premura {
namespace {

// For other sources to arrive at a cut, and for shards to have room for a mark.
constexpr Duration kCutLimit = std::chrono::seconds(5);

}  // namespace

bool SourceCommits::PutBarrier() {
  if (!host_->LettersAreSafe()) return false;
  const std::function<void()> reached =
      barriers_->Begin(host_->HandedOn(), shards_.size());
  for (Shard* shard : shards_) shard->Mark(reached);
  return true;
}

void SourceCommits::CommitReached() {
  std::optional<Positions> positions = barriers_->TakeReached();
  // Of what is only in memory nothing may be skipped.
  if (checkpoints_ != nullptr) positions = TakeCommittedCut();
  if (positions) host_->Commit(*positions);
}

void SourceCommits::TakePartInCut() {
  if (checkpoints_ != nullptr && checkpoints_->IsGathering()) {
    Arrive(kCutLimit);
  }
}

// Whether it could say where it is.
bool SourceCommits::Arrive(Duration limit) {
  host_->HandOnAll();
  if (!host_->LettersAreSafe()) return false;
  cut_positions_ = host_->ToCommit();
  cut_ = checkpoints_->Arrive(index_, host_->WriteDown(), limit);
  if (cut_ != 0) host_->OnCut();
  return true;
}

std::optional<Positions> SourceCommits::TakeCommittedCut() {
  if (cut_ == 0 || checkpoints_->committed() < cut_) return std::nullopt;
  cut_ = 0;
  return std::exchange(cut_positions_, {});
}

bool SourceCommits::TakeVoid() {
  if (checkpoints_ == nullptr) return false;
  const std::uint64_t voided = checkpoints_->voided();
  return std::exchange(voided_, voided) != voided;
}

void SourceCommits::Hurry() {
  if (checkpoints_ != nullptr) checkpoints_->Hurry();
}

bool SourceCommits::Settle(Duration limit) {
  const TimeLimit deadline(limit);
  barriers_->WaitFor(0, limit);
  bool settled = false;
  if (checkpoints_ != nullptr && limit > Duration::zero()) {
    checkpoints_->Hurry();
    settled = Arrive(deadline.Left());
    if (cut_ != 0) checkpoints_->AwaitCommit(cut_, deadline.Left());
  }
  CommitReached();
  return settled;
}

void SourceCommits::Forget(std::uint32_t partition) {
  barriers_->Forget(partition);
  cut_positions_.erase(partition);
}

void SourceCommits::Leave(bool settled) {
  if (checkpoints_ != nullptr) checkpoints_->Leave(index_, settled);
}

}  // namespace premura
