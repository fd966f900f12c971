// SPDX-License-Identifier: Apache-2.0
// Shard: one thread with the cells that it runs, fed through a bounded queue.
// Part of the pipeline.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/cell.h"
#include "signals/checkpoint_store.h"
#include "signals/engine.h"
#include "signals/event.h"
#include "signals/keyed_hash.h"
#include "signals/pipeline.h"

namespace premura {

// Which of so many shards a customer belongs to.
inline std::size_t ShardOf(std::string_view customer, std::size_t shards) {
  return shards == 1 ? 0 : KeyedHash(customer) % shards;
}

// What a shard writes down.
struct ShardRecords {
  std::vector<CellRecords> cells;
  Duration took{};
};

class Shard {
 public:
  virtual ~Shard() = default;  // Closes and joins.

  // From source threads and the store's; they wait while the queue is full.
  // What one thread puts in is taken in that order. What is meant for a cell
  // that is not there (any more) is passed over.

  // The cell is there, and can be loaded. Until it begins its sources count as
  // stalled.
  virtual void Open(CellId cell, CellOptions options) = 0;
  // What is known of its customers by events goes: they are somebody else's,
  // or what is loaded next is all there is.
  virtual void ForgetProfiles(CellId cell) = 0;
  // Takes up what was written down, in any order. REQUIRES: before Begin(); the
  // customers are the cell's own.
  virtual void Load(CellId cell, CheckpointRecords customers) = 0;
  // As Engine::LoadOwn().
  virtual void LoadOwn(CellId cell, std::string record, std::size_t spread) = 0;
  // All has been put in. `told` is called on the shard's thread, unless the
  // cell is gone: what is wrong with it, if anything.
  virtual void EndLoading(CellId cell, std::function<void(Status)> told) = 0;
  // Events may come, and Save() writes it down.
  virtual void Begin(CellId cell) = 0;
  // Nothing comes until it begins again, and Save() leaves it out.
  virtual void Pause(CellId cell) = 0;
  virtual void Drop(CellId cell) = 0;

  virtual void Take(CellId cell, std::size_t source, EventBatch batch) = 0;
  virtual void Forget(CellId cell, std::uint32_t origin) = 0;
  // While an origin is made up for, detections and cancellations of its
  // customers are kept back: an earlier life has told them.
  virtual void SetMakingUp(CellId cell, std::uint32_t origin,
                           bool making_up) = 0;

  // `reached` is called, from any thread, once the output of all that was put
  // in before is durable.
  virtual void Mark(std::function<void()> reached) = 0;
  // Writes down what has changed by all that was put in before: `saved` is
  // called, on the shard's thread, with it; `durable`, from any thread, once
  // the output of all that is.
  virtual void Save(std::function<void(ShardRecords)> saved,
                    std::function<void()> durable) = 0;
  // A cell that is being loaded takes these once all of it is there.
  // `changed`: whose profile has changed by a file.
  using Customers = std::shared_ptr<const std::vector<std::string>>;
  virtual void Use(std::shared_ptr<const RuleSet> rules, Customers changed) = 0;
  virtual void Use(const SelfPreservation& bounds) = 0;
  // The source is stalled, or flows again.
  virtual void Set(std::size_t source, Stall stall) = 0;

  // Asks the cell that owns the customer how far its rules are; does not wait.
  // `told` is called on the shard's thread between two batches, or, once the
  // shard closes, never.
  virtual void Explain(std::string customer,
                       std::function<void(CustomerStanding)> told) = 0;

  // A batch with room from earlier use, or a new one.
  virtual EventBatch SpareBatch() = 0;
  // Of each cell, as of the last batch taken.
  virtual std::vector<EngineStats> Stats() const = 0;
  // Takes what is in the queue, then ends the thread.
  virtual void Close() = 0;
};

std::unique_ptr<Shard> NewShard(std::size_t sources, std::size_t queue_capacity,
                                std::shared_ptr<const RuleSet> rules,
                                ProfileStore* profiles, OutputSink* sink);

}  // namespace premura
