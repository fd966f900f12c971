// SPDX-License-Identifier: Apache-2.0
// Shard: one thread with one Engine, fed through a bounded queue. Part of the
// pipeline.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/checkpoint_store.h"
#include "signals/engine.h"
#include "signals/event.h"
#include "signals/pipeline.h"

namespace premura {

// Which of so many shards a customer belongs to.
inline std::size_t ShardOf(std::string_view customer, std::size_t shards) {
  return shards == 1 ? 0 : std::hash<std::string_view>{}(customer) % shards;
}

// What a shard writes down.
struct ShardRecords {
  CheckpointRecords customers;  // That have changed.
  std::string own;              // The engine's.
  Duration took{};
};

class Shard {
 public:
  virtual ~Shard() = default;  // Closes and joins.

  // From source threads; wait while the queue is full. What one thread puts in
  // is taken in that order.
  virtual void Take(std::size_t source, EventBatch batch) = 0;
  // `reached` is called, from any thread, once the output of all that was put
  // in before is durable.
  virtual void Mark(std::function<void()> reached) = 0;
  // Writes down what has changed by all that was put in before: `saved` is
  // called, on the shard's thread, with it; `durable`, from any thread, once
  // the output of all that is.
  virtual void Save(std::function<void(ShardRecords)> saved,
                    std::function<void()> durable) = 0;
  // `changed`: whose profile has changed by a file; the shard's own.
  virtual void Use(std::shared_ptr<const RuleSet> rules,
                   std::vector<std::string> changed) = 0;
  virtual void Forget(std::uint32_t origin) = 0;
  virtual void Use(const SelfPreservation& bounds) = 0;
  // The source is stalled, or flows again.
  virtual void SetStalled(std::size_t source, bool stalled) = 0;
  // While an origin is made up for, detections and cancellations of its
  // customers are kept back: an earlier life has told them.
  virtual void SetMakingUp(std::uint32_t origin, bool making_up) = 0;

  // Before any event: takes up what was written down, in any order.
  // REQUIRES: the customers are the shard's own.
  virtual void Load(CheckpointRecords customers) = 0;
  // As Engine::LoadOwn().
  virtual void LoadOwn(std::string record, std::size_t spread) = 0;
  // Waits for it; what is wrong with it, if anything.
  virtual Status Loaded() = 0;

  // Asks the engine how far its rules are with the customer; does not wait.
  // `told` is called on the shard's thread between two batches, or, once the
  // shard closes, never.
  virtual void Explain(std::string customer,
                       std::function<void(CustomerStanding)> told) = 0;

  // A batch with room from earlier use, or a new one.
  virtual EventBatch SpareBatch() = 0;
  // As of the last batch taken.
  virtual EngineStats Stats() const = 0;
  // Takes what is in the queue, then ends the thread.
  virtual void Close() = 0;
};

std::unique_ptr<Shard> NewShard(std::size_t sources, std::size_t queue_capacity,
                                std::shared_ptr<const RuleSet> rules,
                                ProfileStore* profiles, OutputSink* sink,
                                OwnsCustomer owns);

}  // namespace premura
