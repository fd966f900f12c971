// SPDX-License-Identifier: Apache-2.0
// Shard: one thread with one Engine, fed through a bounded queue. Part of the
// pipeline.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "rules/rule_set.h"
#include "signals/engine.h"
#include "signals/event.h"
#include "signals/pipeline.h"

namespace premura {

class Shard {
 public:
  virtual ~Shard() = default;  // Closes and joins.

  // From source threads; wait while the queue is full. What one thread puts in
  // is taken in that order.
  virtual void Take(std::size_t source, EventBatch batch) = 0;
  // `reached` is called, from any thread, once the output of all that was put
  // in before is durable.
  virtual void Mark(std::function<void()> reached) = 0;
  virtual void Use(std::shared_ptr<const RuleSet> rules) = 0;
  virtual void Forget(std::uint32_t origin) = 0;

  // A batch with room from earlier use, or a new one.
  virtual EventBatch SpareBatch() = 0;
  // As of the last batch taken.
  virtual EngineStats Stats() const = 0;
  // Takes what is in the queue, then ends the thread.
  virtual void Close() = 0;
};

std::unique_ptr<Shard> NewShard(std::size_t sources, std::size_t queue_capacity,
                                std::shared_ptr<const RuleSet> rules,
                                ProfileStore* profiles, OutputSink* sink);

}  // namespace premura
