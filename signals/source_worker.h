// SPDX-License-Identifier: Apache-2.0
// SourceWorker: the thread of one source: polls, decodes, routes events to the
// shards, and commits positions behind barriers. Part of the pipeline.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "signals/checkpointer.h"
#include "signals/pipeline.h"
#include "signals/shard.h"
#include "signals/source_record.h"

namespace premura {

class SourceWorker {
 public:
  virtual ~SourceWorker() = default;  // Stops at once.

  // Before Start(): goes on as the record says, with what it remembers of
  // events seen, by key. False if that is damaged.
  virtual bool Resume(SourceRecord record,
                      const std::map<std::string, std::string>& seen) = 0;
  // `checkpoints` (nullptr: there are none) must outlive the thread.
  virtual void Start(Checkpointer* checkpoints) = 0;
  // From the next poll on events are decoded for these rules. `switched` is
  // called on the worker's thread once all that was decoded for the old ones is
  // on its way to the shards.
  virtual void Use(std::shared_ptr<const RuleSet> rules,
                   std::function<void()> switched) = 0;
  // When the source is stalled; never, unless told.
  virtual void Use(const SelfPreservation& bounds) = 0;
  virtual PipelineHealth::SourceState State() const = 0;
  // Ended of itself or by failure, and all it caused is durable.
  virtual bool Finished() const = 0;
  // Asks it to finish: no more polls; what was read becomes durable and is
  // committed until `limit` has passed.
  virtual void BeginStop(Duration limit) = 0;
  virtual void Join() = 0;
};

// `index` tells sources apart in shards, and in origins unless Resume() says
// otherwise. Pointers must outlive it.
std::unique_ptr<SourceWorker> NewSourceWorker(
    std::size_t index, PipelineSource source, const PipelineOptions& options,
    std::shared_ptr<const RuleSet> rules, std::vector<Shard*> shards,
    DeadLetterSink* dead_letters, PipelineObserver* observer);

}  // namespace premura
