// SPDX-License-Identifier: Apache-2.0
// Pipeline: sources -> intake -> shards -> output, with bounded queues between
// threads, and positions moved on only after all that the events before them
// caused is durable.
//
// Threads: one per source (poll, decode, route) and one per shard (engine). A
// customer belongs to shard hash(customer) % shards. Every `commit_every` a
// source sends a barrier with its positions through all shards; when the output
// of each shard up to the barrier is durable, the positions are committed. At
// most `barriers_in_flight` are under way: when shards or the ledger fall
// behind, the source waits, and memory stays bounded.
//
// What a shard of several sources sees of time is the smallest of their clocks.
//
// With a store, every `checkpoint_every` what sources and shards know is
// written down as of one instant (checkpointer.h), and positions are committed
// only after that; Restore() goes on from there.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/rule_set.h"
#include "signals/cell_store.h"
#include "signals/checkpoint_store.h"
#include "signals/detection.h"
#include "signals/engine.h"
#include "signals/intake.h"
#include "signals/self_preservation.h"
#include "signals/source.h"

namespace premura {

class OutputSink {
 public:
  virtual ~OutputSink() = default;
  // Calls `durable` once, from any thread, when `output` is safe.
  virtual void Submit(ShardOutput output, std::function<void()> durable) = 0;
};

// Keeps records that could not be used. Called on source threads.
class DeadLetterSink {
 public:
  virtual ~DeadLetterSink() = default;
  // Fails if the letter cannot be kept; the pipeline then does not move on.
  virtual Status Keep(const std::string& source, const std::string& origin,
                      const Record& record, Refusal reason,
                      std::string_view detail) = 0;
  // What was kept is durable when it returns.
  virtual Status Sync() = 0;
};

// A checkpoint was written, or could not be.
struct CheckpointReport {
  std::string problem{};  // Not empty: it will be tried again, but if it is
  bool is_void = false;   // void: the partitions have another owner.
  std::size_t records = 0;
  std::size_t bytes = 0;
  std::uint64_t stored = 0;  // Records in the store.
  Duration took{};           // Of a shard's time and of the store's.
};

// Called on threads of the pipeline; must not block.
class PipelineObserver {
 public:
  virtual ~PipelineObserver() = default;
  // Counts since the last call, per source.
  struct Counts {
    std::uint64_t records = 0;
    std::uint64_t events = 0;
    std::uint64_t profiles = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t late = 0;
    std::uint64_t future = 0;
    // Of those looked at: in another partition than the partitioner says.
    std::uint64_t misplaced = 0;
    std::uint64_t refused[kRefusals] = {};
  };
  virtual void OnCounts(const std::string& source, const Counts& counts) = 0;
  // The source waits for shards or ledger (true), goes on (false).
  virtual void OnBackPressure(const std::string& source, bool waiting) = 0;
  virtual void OnCommitted(const std::string& source) = 0;
  // A source has ended: of itself (empty), or by a final failure.
  virtual void OnEnded(const std::string& source, const std::string& why) = 0;
  virtual void OnDeadLetterTrouble(const std::string& why) = 0;
  virtual void OnCheckpoint(const CheckpointReport& report) = 0;
  // What a checkpoint knew of a partition's customers is dropped, or nothing
  // was known that should have been: why, and what is done, in words.
  virtual void OnStateLost(const std::string& source, const std::string& origin,
                           const std::string& why) = 0;
};

struct PipelineSource {
  std::string id;
  std::unique_ptr<Source> source;
  std::unique_ptr<EventDecoder> decoder;
  IntakeOptions intake;
};

struct PipelineOptions {
  int shards = 1;
  std::size_t batch_records = 4096;  // Polled at once.
  std::size_t batches_queued = 4;    // Per shard.
  Duration commit_every = std::chrono::milliseconds(200);
  int barriers_in_flight = 8;
  // Where state is kept over a restart: nullptr, nowhere. With it, positions
  // follow the checkpoint. Must outlive the pipeline.
  CheckpointStore* checkpoints = nullptr;
  // Instead: where each partition's is kept by itself, so that it can move. The
  // one source there is must hold its partitions. Must outlive the pipeline.
  CellStore* cells = nullptr;
  Duration checkpoint_every = std::chrono::seconds(5);
  SelfPreservation self_preservation;  // For all shards together.
  // The wall clock; rules never see it but through caught-up partitions.
  std::function<Timestamp()> now;
};

struct PipelineHealth {
  struct SourceState {
    std::string id;
    SourceHealth health;
    Timestamp clock{};           // Epoch: has none yet.
    std::size_t remembered = 0;  // Events that would be known again.
    Stall stall = Stall::kNone;
    bool ended = false;
    std::string failure;  // Why it ended, if not of itself.
    bool undone = false;  // After Stop: not all that was read is durable.
  };
  std::vector<SourceState> sources;
  // Where each partition's state is kept by itself.
  std::optional<CellStoreHealth> cell_store;
  std::vector<EngineStats> cells;  // One for each shard, or partition.
};

class Pipeline {
 public:
  virtual ~Pipeline() = default;

  // Before Start(), once: takes up what the store has. If it fails the pipeline
  // is of no use, and the store damaged. `progress` (records, of how many) is
  // called now and then.
  using RestoreProgress = std::function<void(std::uint64_t, std::uint64_t)>;
  virtual Status Restore(const RestoreProgress& progress) = 0;
  virtual void Start() = 0;
  // Writes a checkpoint now; false if there was none within `limit`.
  virtual bool Checkpoint(Duration limit) = 0;
  // All events read from now on meet the new rules; those before, the old.
  // `changed`: whose profile has changed by a file; for rules that look at
  // profiles.
  virtual void Use(std::shared_ptr<const RuleSet> rules,
                   std::vector<std::string> changed) = 0;
  virtual void Use(const SelfPreservation& bounds) = 0;
  virtual PipelineHealth Health() const = 0;
  // How far each rule is with the customer, as of what has been taken so far.
  // From any thread; does not wait. `told` is called from another thread, soon
  // (a shard that waits for the ledger answers when it goes on) or, once
  // stopped, never.
  virtual void Explain(const std::string& customer,
                       std::function<void(CustomerStanding)> told) = 0;
  // True once every source has ended and all it caused is durable.
  virtual bool Finished() const = 0;
  // Stops reading, lets what was read become durable and commits it, within
  // `limit`; then closes the sources. What was not done is read again.
  virtual void Stop(Duration limit) = 0;
};

// Pointers must outlive the pipeline.
std::unique_ptr<Pipeline> NewPipeline(PipelineOptions options,
                                      std::vector<PipelineSource> sources,
                                      std::shared_ptr<const RuleSet> rules,
                                      ProfileStore* profiles, OutputSink* sink,
                                      DeadLetterSink* dead_letters,
                                      PipelineObserver* observer);

}  // namespace premura
