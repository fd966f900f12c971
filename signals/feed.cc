// SPDX-License-Identifier: Apache-2.0
#include "signals/feed.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

// A batch with more is handed on at once, and the shards' queues are bounded.
constexpr std::size_t kMostBatchBytes = std::size_t{4} << 20;

}  // namespace

Feed::Feed(std::size_t index, std::string name, std::vector<FeedTarget> targets,
           const IntakeOptions& options, EventDecoder* decoder,
           Listener* listener, OwnsCustomer owns)
    : index_(index),
      name_(std::move(name)),
      targets_(std::move(targets)),
      listener_(listener),
      owns_(std::move(owns)),
      intake_(NewIntake(options, decoder, this)),
      places_(static_cast<std::uint32_t>(index)),
      batches_(targets_.size()) {}

bool Feed::Resume(SourceRecord record,
                  const std::map<std::string, std::string>& seen) {
  IntakeProgress progress;
  progress.clock = record.clock;
  progress.seeds = record.seeds;
  intake_->Resume(progress);
  places_.Resume(std::move(record));
  return std::all_of(seen.begin(), seen.end(), [this](const auto& part) {
    return intake_->LoadSeen(part.first, part.second);
  });
}

// --- Partitions --------------------------------------------------------------

void Feed::Assign(std::uint32_t partition, const std::string& name,
                  const std::string& identity, const PartitionStart& start) {
  std::optional<PartitionProgress> progress =
      places_.Assign(partition, name, identity, start);
  if (!start.why.empty()) Forget(partition);
  if (progress) {
    intake_->ResumePartition(partition, *std::move(progress));
  } else {
    intake_->AddPartition(partition);
  }
  if (!places_.IsBeingMadeUp(partition)) return;
  for (const FeedTarget& target : targets_) {
    target.shard->SetMakingUp(target.cell, Origin(partition), true);
  }
}

void Feed::Revoke(std::uint32_t partition) {
  EndMakingUp(partition);
  places_.Revoke(partition);
  Forget(partition);
}

void Feed::Forget(std::uint32_t partition) {
  intake_->RemovePartition(partition);
  for (const FeedTarget& target : targets_) {
    target.shard->Forget(target.cell, Origin(partition));
  }
}

void Feed::CaughtUp(std::uint32_t partition) {
  EndMakingUp(partition);
  intake_->CaughtUp(partition);
}

void Feed::EndMakingUp(std::uint32_t partition) {
  if (!places_.IsBeingMadeUp(partition)) return;
  places_.EndMakingUp(partition);
  Flush();
  for (const FeedTarget& target : targets_) {
    target.shard->SetMakingUp(target.cell, Origin(partition), false);
  }
}

// --- Records -----------------------------------------------------------------

void Feed::Take(const Record& record, Timestamp now) {
  if (places_.EndsMakingUp(record.partition, record.position)) {
    EndMakingUp(record.partition);
  }
  intake_->Take(record, now);
}

void Feed::Finish() { intake_->Finish(std::nullopt); }

void Feed::Flush() {
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    if (batches_[i].empty()) continue;
    const auto& [shard, cell] = targets_[i];
    shard->Take(cell, index_, std::move(batches_[i]));
    batches_[i] = shard->SpareBatch();
    listener_->OnHandedOn();
  }
}

CheckpointRecords Feed::WriteDown(const StallRecord& stall) {
  CheckpointRecords records;
  intake_->SaveSeen(name_, &records);
  records.Add(RecordKind::kSource, name_,
              Pack(places_.Record(intake_->Progress(), stall)));
  return records;
}

// --- IntakeSink --------------------------------------------------------------

void Feed::OnEvent(const Event& event) {
  listener_->OnEvent(event, intake_->Behind());
  constexpr std::uint32_t kLookAt = 64;
  if (owns_ && ++events_ % kLookAt == 0 && !owns_(event.customer)) {
    ++listener_->counts()->misplaced;
  }
  // It begins for all cells at once: when rules first see a profile must not
  // depend on whose event is the first.
  if (!clock_begun_ && event.clock > Timestamp{}) OnClock(event.clock);
  Event routed = event;
  routed.origin = Origin(event.origin);
  EventBatch& batch = BatchOf(event.customer);
  batch.Add(routed);
  FlushIfLarge(batch);
}

void Feed::OnProfile(ProfileChange change) {
  if (!places_.IsBeingMadeUp(change.origin)) ++listener_->counts()->profiles;
  change.origin = Origin(change.origin);
  EventBatch& batch = BatchOf(change.customer);
  batch.Add(std::move(change));
  FlushIfLarge(batch);
}

void Feed::FlushIfLarge(const EventBatch& batch) {
  if (batch.bytes() > kMostBatchBytes) Flush();
}

void Feed::OnClock(Timestamp clock) {
  clock_begun_ = clock_begun_ || (clock > Timestamp{} && clock != kNoClock);
  for (EventBatch& batch : batches_) batch.AddClock(clock);
}

void Feed::OnRefused(const Record& record, Refusal reason,
                     std::string_view detail) {
  listener_->OnRefused(record, reason, detail);
}

}  // namespace premura
