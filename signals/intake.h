// SPDX-License-Identifier: Apache-2.0
// Intake: what stands between a source and the shards: decodes, refuses,
// drops duplicates, moves the clock, optionally puts events in order of time,
// and says which event goes on next.
//
// Thread: one, the source's. Reads no clock.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/symbols.h"
#include "signals/checkpoint_store.h"
#include "signals/dedup.h"
#include "signals/event_decoder.h"
#include "signals/handed_on.h"
#include "signals/source.h"

namespace premura {

struct IntakeOptions {
  Duration allowed_lateness{};
  Duration reorder{};
  Duration dedup_window = std::chrono::hours(1);
  // Live only: events beyond now + this are refused: a rule that saw one would
  // take all that really happens until then for late. nullopt: no cap.
  std::optional<Duration> future_cap{};
};

class IntakeSink {
 public:
  virtual ~IntakeSink() = default;
  // event.clock is set. In the order in which rules shall see them.
  virtual void OnEvent(const Event& event) = 0;
  virtual void OnProfile(ProfileChange change) = 0;
  // It is now `clock`: where it moves without an event, before a profile that
  // moves it, and at ticks, since an event tells its clock only to whoever
  // takes it.
  virtual void OnClock(Timestamp clock) = 0;
  // To be kept as a dead letter.
  virtual void OnRefused(const Record& record, Refusal reason,
                         std::string_view detail) = 0;
  virtual void OnDuplicate() = 0;
  // An event older than its partition's watermark (counted, still handed on).
  virtual void OnLate() = 0;
  // What lies beyond the future cap. An event is refused as well.
  virtual void OnFutureTime() = 0;
};

// How far a partition has come.
struct PartitionProgress {
  // All before has been handed on,
  std::int64_t position = 0;
  // and from there to before this all but `held`, in order of place.
  std::int64_t read = 0;
  std::vector<EventPlace> held{};
  std::optional<Timestamp> reached{};  // As the watermark has it.

  bool operator==(const PartitionProgress&) const = default;
};

// How far a source has come, for whoever goes on from there.
struct IntakeProgress {
  Timestamp clock{};
  DuplicateFilter::Seeds seeds{};
  std::map<std::uint32_t, PartitionProgress> partitions{};
};

class Intake {
 public:
  virtual ~Intake() = default;

  // `now` is the wall clock of a live run; unused without a future cap.
  virtual void Take(const Record& record, Timestamp now) = 0;

  // The clock is the smallest watermark over these partitions; one that is
  // caught up and idle follows `now`, held back by the lateness.
  virtual void AddPartition(std::uint32_t partition) = 0;
  // The partition is read from `from.position` on; what has been handed on is
  // passed over. The clock does not move before all are there.
  virtual void ResumePartition(std::uint32_t partition,
                               PartitionProgress from) = 0;
  virtual void RemovePartition(std::uint32_t partition) = 0;
  virtual void CaughtUp(std::uint32_t partition) = 0;
  // It is not known any more to be at its end.
  virtual void LoseEnd(std::uint32_t partition) = 0;
  // Live: called every second or so; moves the clock of idle partitions.
  virtual void Tick(Timestamp now) = 0;
  // It may be that not all was read that there was (Watermark::LoseQuiet()).
  virtual void LoseQuiet() = 0;
  // The end of a file: hands on what `reorder` holds back; the clock stops at
  // the watermark of the last event, or moves on to `until`.
  virtual void Finish(std::optional<Timestamp> until) = 0;

  // The decoder has been told what new rules look at: what `reorder` holds back
  // now was decoded for others.
  virtual void MarkHeld() = 0;
  // Whether any of that is still held back.
  virtual bool HoldsOlder() const = 0;
  virtual Timestamp clock() const = 0;
  // Watermark::Behind(): brings what happened well before the clock.
  virtual bool Behind() const = 0;
  // Events that it would know again.
  virtual std::size_t Remembered() const = 0;
  // Positions up to which everything has been handed on (reorder holds back).
  virtual Positions HandedOn() const = 0;

  virtual IntakeProgress Progress() const = 0;
  // What of events seen is new since the last call, as records of `source`.
  virtual void SaveSeen(std::string_view source, CheckpointRecords* to) = 0;
  // Before anything else, in this order; partitions when they are there.
  virtual void Resume(const IntakeProgress& progress) = 0;
  // A record of SaveSeen(), in order of key. False if it is damaged.
  virtual bool LoadSeen(std::string_view key, std::string_view bytes) = 0;
};

// `decoder` and `sink` must outlive it.
std::unique_ptr<Intake> NewIntake(const IntakeOptions& options,
                                  EventDecoder* decoder, IntakeSink* sink);

}  // namespace premura
