// SPDX-License-Identifier: Apache-2.0
// Feed: what lies between a source and cells: an Intake for some of the
// source's partitions, where these have come to, and the batches for the cells.
// With state on one machine a source has one feed, for all its partitions and
// the cells of all shards; with state in Kafka one for each partition, which
// has one cell. Part of the pipeline.
//
// Thread: the source's.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "signals/intake.h"
#include "signals/pipeline.h"
#include "signals/shard.h"
#include "signals/source_places.h"

namespace premura {

// Where a feed's events go.
struct FeedTarget {
  Shard* shard = nullptr;
  CellId cell;
};

class Feed final : private IntakeSink {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // An event is about to go on. `behind`: as Intake::Behind().
    virtual void OnEvent(const Event& event, bool behind) = 0;
    virtual void OnRefused(const Record& record, Refusal reason,
                           std::string_view detail) = 0;
    // To be counted on.
    virtual PipelineObserver::Counts* counts() = 0;
    // A batch was handed to a shard.
    virtual void OnHandedOn() = 0;
  };

  // `index`: of the source, for the cells' clocks. `name`: of its records.
  // `owns`: whose events should come, if that is known; one in 64 is looked at.
  // Pointers must outlive it.
  Feed(std::size_t index, std::string name, std::vector<FeedTarget> targets,
       const IntakeOptions& options, EventDecoder* decoder, Listener* listener,
       OwnsCustomer owns = {});

  // Before any partition: goes on as the record says. False if what it
  // remembers of events seen is damaged.
  bool Resume(SourceRecord record,
              const std::map<std::string, std::string>& seen);
  // For Source::Resume().
  std::vector<PartitionPlace> Places() const { return places_.Places(); }
  std::uint32_t Origin(std::uint32_t partition) const {
    return places_.Origin(partition);
  }

  // --- Partitions ------------------------------------------------------------

  // `name`, `identity`: as the source has them.
  void Assign(std::uint32_t partition, const std::string& name,
              const std::string& identity, const PartitionStart& start);
  void Revoke(std::uint32_t partition);
  // What is known of the partition's customers is void.
  void Forget(std::uint32_t partition);
  void CaughtUp(std::uint32_t partition);
  // It was not read for some time: nobody knows where its end is.
  void GoOn(std::uint32_t partition) { intake_->LoseEnd(partition); }
  // Partitions that were restored and have not come: they have another owner.
  std::set<std::uint32_t> TakeMissing() { return places_.TakeMissing(); }
  bool has_missing() const { return places_.has_missing(); }

  // --- Records ---------------------------------------------------------------

  void Take(const Record& record, Timestamp now);
  void Tick(Timestamp now) { intake_->Tick(now); }
  // It may be that not all was read that there was.
  void LoseQuiet() { intake_->LoseQuiet(); }
  // The end of the source: see Intake::Finish().
  void Finish();
  // Whether it holds back the clock of the other sources.
  void HaveNoOpinion() { OnClock(kNoClock); }
  void Flush();

  // As Intake says.
  void MarkHeld() { intake_->MarkHeld(); }
  bool HoldsOlder() const { return intake_->HoldsOlder(); }
  Timestamp clock() const { return intake_->clock(); }
  bool Behind() const { return intake_->Behind(); }
  std::size_t Remembered() const { return intake_->Remembered(); }
  Positions HandedOn() const { return intake_->HandedOn(); }
  // Of those, what a group may be told.
  Positions ToCommit() const { return places_.ToCommit(HandedOn()); }
  // For a checkpoint.
  CheckpointRecords WriteDown(const StallRecord& stall);

 private:
  static constexpr Timestamp kNoClock = Timestamp::max();

  void EndMakingUp(std::uint32_t partition);
  void FlushIfLarge(const EventBatch& batch);
  EventBatch& BatchOf(std::string_view customer) {
    return batches_[ShardOf(customer, batches_.size())];
  }

  void OnEvent(const Event& event) override;
  void OnProfile(ProfileChange change) override;
  void OnClock(Timestamp clock) override;
  void OnRefused(const Record& record, Refusal reason,
                 std::string_view detail) override;
  void OnDuplicate() override { ++listener_->counts()->duplicates; }
  void OnLate() override { ++listener_->counts()->late; }
  void OnFutureTime() override { ++listener_->counts()->future; }

  const std::size_t index_;
  const std::string name_;
  const std::vector<FeedTarget> targets_;
  Listener* const listener_;
  const OwnsCustomer owns_;
  std::uint32_t events_ = 0;
  const std::unique_ptr<Intake> intake_;
  SourcePlaces places_;
  std::vector<EventBatch> batches_;  // As targets_.
  bool clock_begun_ = false;
};

}  // namespace premura
