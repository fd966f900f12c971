// SPDX-License-Identifier: Apache-2.0
// Cell: customers whose events meet one another, and nobody else's: an Engine,
// the clock of their events, and what an earlier life has told of them. With
// state on one machine there is one for each shard; with state in Kafka one for
// each partition, so that what rules find depends neither on which instance has
// which partitions nor on when they moved. Part of the pipeline.
//
// Thread: one at a time, its shard's.

#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "signals/cell_id.h"
#include "signals/checkpoint_store.h"
#include "signals/engine.h"

namespace premura {

// What a cell writes down.
struct CellRecords {
  CellId cell;
  CheckpointRecords customers;  // That have changed.
  std::string own;              // The engine's.
};

struct CellOptions {
  OwnsCustomer owns;  // Whose profiles it looks at.
  // What events say of customers is written down along with them. Not where
  // nothing is.
  bool keeps_profiles = false;
};

class Cell {
 public:
  // `profiles` and `output` must outlive it. `sources`: how many hand it
  // events.
  Cell(std::size_t sources, std::shared_ptr<const RuleSet> rules,
       ProfileStore* profiles, ShardOutput* output, CellOptions options);

  // Every clock in `batch` becomes the cell's; what it says of customers goes
  // out, too.
  void Take(std::size_t source, EventBatch* batch);
  CellRecords Save(CellId id);

  // What is known of its customers by events goes: what is loaded next is all
  // there is. Else, what is known is to be written down, too.
  void ForgetProfiles();
  // As Engine says; what is wrong is kept for EndLoading().
  void Load(const CheckpointRecords& customers);
  void LoadOwn(std::string_view record, std::size_t spread);
  // All has been loaded: it goes on from there. What was wrong, if anything.
  Status EndLoading();

  // While an origin is made up for, nothing is told of its customers.
  void SetMakingUp(std::uint32_t origin, bool making_up);
  // Of `changed` only its own customers count.
  void Use(std::shared_ptr<const RuleSet> rules,
           const std::vector<std::string>& changed);
  void Use(const SelfPreservation& bounds) { engine_->Use(bounds); }
  void Forget(std::uint32_t origin) { engine_->Forget(origin); }
  void Set(Stall stall) { engine_->Set(stall); }

  EngineStats Stats() const { return engine_->Stats(); }
  bool Owns(std::string_view customer) const { return owns_(customer); }
  CustomerStanding Explain(std::string_view customer,
                           std::span<const Event* const> recent) const {
    return engine_->Explain(customer, recent);
  }

 private:
  // Hands on what the engine says, but of origins that are made up for.
  class Collector final : public DetectionSink {
   public:
    explicit Collector(ShardOutput* output) : output_(output) {}
    void OnDetection(Detection detection) override;
    void OnCancellation(Cancellation cancellation) override;

    std::set<std::uint32_t> made_up;

   private:
    ShardOutput* const output_;
  };

  void SaveProfiles(CheckpointRecords* to);
  Status LoadProfile(std::string_view customer, std::string_view record);
  Timestamp ClockWith(std::size_t source, Timestamp clock);

  ProfileStore* const profiles_;
  ShardOutput* const output_;
  const bool keeps_profiles_;
  bool knows_others_ = true;        // Whose profiles are nowhere written down.
  std::set<std::string> profiled_;  // Since they were written down.
  std::vector<Timestamp> clocks_;   // By source.
  Timestamp clock_ = Timestamp::min();
  Collector collector_;
  const OwnsCustomer owns_;
  const std::unique_ptr<Engine> engine_;
  Status loaded_;
};

}  // namespace premura
