// SPDX-License-Identifier: Apache-2.0
// Detector: one rule's pattern, compiled; State: what it remembers of one
// customer and group. One detector per kind, each in signals/detectors/, behind
// this interface: a new kind is a new file and a line in NewDetector().
//
// A detector is immutable. A State is plain data: no pointer into its rule or
// detector, so that it outlives a reload and can be written down; it lists what
// it has (record_fields.h).

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "rules/rule.h"
#include "signals/event_facts.h"
#include "signals/instants.h"
#include "signals/profile.h"
#include "signals/record_fields.h"
#include "signals/seen_event.h"
#include "signals/standing.h"

namespace premura {

// As State::queued: the timer was due and is held (self_preservation.h).
inline constexpr Timestamp kHeld = Timestamp::min();

struct State {
  Timestamp due = kNever;     // When the detector wants to be woken.
  Timestamp queued = kNever;  // The engine's: when it will look next.
};

// What a rule remembers of one customer and group: nothing, one event alone, or
// a state. Many states are no more than their event, and take no memory of
// their own then.
//
// Copied as it is: whose it is lets go of it (Detector::Clear()).
class Memo {
 public:
  Memo() = default;
  explicit Memo(State* state)
      : word_(reinterpret_cast<std::uintptr_t>(state)) {}
  explicit Memo(SeenRef event)
      : word_(reinterpret_cast<std::uintptr_t>(event.Release()) | kAlone) {}

  bool empty() const { return word_ == 0; }
  bool alone() const { return (word_ & kAlone) != 0; }
  // nullptr if there is none.
  State* state() const {
    return alone() ? nullptr : reinterpret_cast<State*>(word_);
  }
  // REQUIRES: alone().
  SeenRef event() const { return SeenRef::Share(Bytes<SeenEvent>()); }
  // The same; leaves it empty.
  SeenRef TakeEvent() {
    SeenRef event = SeenRef::Adopt(Bytes<SeenEvent>());
    word_ = 0;
    return event;
  }
  // REQUIRES: alone(); as long as it is.
  const SeenEvent& operator*() const { return *Bytes<const SeenEvent>(); }
  // Has the state or the event on its way from memory.
  void Prefetch() const { __builtin_prefetch(Bytes<const char>()); }

 private:
  static constexpr std::uintptr_t kAlone = 1;  // Blocks lie on even addresses.
  template <typename T>
  T* Bytes() const {
    return reinterpret_cast<T*>(word_ & ~kAlone);
  }
  std::uintptr_t word_ = 0;
};

// What an event is to one of a detector's patterns.
enum class Match : std::uint8_t {
  kNo,
  kYes,
  kAsk,  // By name it is; its condition looks back at an attempt's steps.
};

// What detectors count for EngineStats.
struct DetectorCounts {
  std::uint64_t late = 0;
  std::uint64_t attempts_dropped = 0;
  std::uint64_t windows_cut = 0;  // Events that windows had no room for.
};

// One event as a rule sees it.
struct Sight {
  const Event& event;
  EventFacts& facts;
  std::span<const Match> matches;  // In the order of Detector::Watches().
  // The newest time that this rule has seen of the customer and group, this
  // event included.
  Timestamp newest = kUnseen;
  // The event's record, made by Keep() for all rules together.
  SeenRef& record;
  std::uint32_t& arrivals;  // Of the customer, so far.
  DetectorCounts& counts;

  Timestamp time() const { return event.time; }
  bool late() const { return event.time < newest; }
  bool Is(std::size_t pattern) const { return matches[pattern] == Match::kYes; }
  const SeenRef& Keep() const {
    if (!record) record = SeenRef::New(event, ++arrivals);
    return record;
  }
};

// A completed pattern.
struct Finding {
  Timestamp at{};
  SeenEvents evidence;
};

class Detector {
 public:
  struct Watch {
    const Pattern* pattern = nullptr;
    bool looks_back = false;
  };

  virtual ~Detector() = default;

  // The patterns that it wants to be shown, `unless` not among them. They
  // live in the rule.
  virtual std::vector<Watch> Watches() const = 0;
  // It sees every event of the customer and group, but for detections.
  virtual bool SeesEverything() const { return false; }
  // Whether the event, which matches some pattern, is one of this rule: it
  // has the field asked for, or matches for the steps of some attempt.
  // `state` may be nullptr.
  virtual bool Sees(const Sight&, const State*) const { return true; }

  // The same of a track's memo, for the engine.
  std::optional<Finding> Take(const Sight& sight, Memo* memo) const;
  void Reset(Timestamp at, Memo* memo) const;
  void Clear(Memo* memo) const;
  // REQUIRES: it is not empty.
  void Save(const Memo& memo, RecordWriter* record) const;
  void Load(RecordReader* record, Memo* memo) const;
  Standing Explain(const Memo& memo, Timestamp now) const;

  // In these, nullptr stands for a state that nothing has happened to. They
  // set state->due; the timer goes off at that instant of event time, in
  // Fire(), unless it has been moved until then.
  virtual std::optional<Finding> Take(const Sight& sight, State*& state) const;
  virtual std::optional<Finding> Fire(State* state) const;
  // `unless`, at `at`: starts from nothing.
  virtual void Reset(State*& state, Timestamp at) const = 0;

  // It is shown each customer's profile, with Look(): when the rule first sees
  // it, and whenever it may have changed.
  virtual bool LooksAtProfiles() const { return false; }
  // `now` is the clock, or the time of the event that brought the change.
  virtual void Look(const Profile&, Timestamp /*now*/, State*&) const {}

  // How long an event can matter after its time, timers apart.
  virtual Duration Memory() const = 0;
  // All that was seen is older than Memory(): lets it go. True if what
  // remains is as good as no state. REQUIRES: no timer is set.
  virtual bool Forget(State* state) const = 0;
  virtual void Delete(State* state) const = 0;

  // The event that is all there is in the state; empty if there is more, or
  // none. Unfold() makes the state of it again. REQUIRES: no timer is set.
  virtual SeenRef Fold(const State&) const { return {}; }
  virtual State* Unfold(SeenRef) const { return nullptr; }
  // Take() where there is no state before it and none after it; false if it is
  // not so, and nothing has happened. REQUIRES: the memo has no state.
  virtual bool TakeAlone(const Sight&, Memo*) const { return false; }

  // `queued` is the engine's.
  virtual void Save(const State& state, RecordWriter* record) const = 0;
  // Fails the reader, and answers nullptr, if what it reads can be no state of
  // this rule.
  virtual State* Load(RecordReader* record) const = 0;

  // How far it is at `now`: the clock, or the newest event that the rule has
  // seen, if that is later. Changes nothing.
  virtual Standing Explain(const State*, Timestamp /*now*/) const { return {}; }

  // Has what Take() will look at on its way from memory: first (step 0) what
  // the state points to; when that has come, what it points to in turn.
  static constexpr int kPrefetchSteps = 3;
  virtual void Prefetch(const State&, int /*step*/) const {}

 private:
  State* Open(Memo* memo) const;
  void Close(State* state, Memo* memo) const;
};

// `rule` must outlive it.
std::unique_ptr<Detector> NewDetector(const Rule& rule);

// For detectors to derive from: knows the state's type.
template <typename StateType>
class DetectorOf : public Detector {
 public:
  void Delete(State* state) const final {
    delete static_cast<StateType*>(state);
  }
  void Save(const State& state, RecordWriter* record) const final {
    record->Time(state.due);
    Write(static_cast<const StateType&>(state), record);
  }
  State* Load(RecordReader* record) const final {
    auto state = std::make_unique<StateType>();
    state->due = record->Time();
    Read(record, state.get());
    if (record->ok() && state->due != kUnseen && Restore(state.get())) {
      return state.release();
    }
    record->Fail();
    return nullptr;
  }

 protected:
  // Makes what is not written down of what is. False if no state of this rule
  // can be like that: it must be safe to go on with, whatever the bytes.
  virtual bool Restore(StateType*) const { return true; }
  static StateType& Obtain(State*& state) {
    if (state == nullptr) state = new StateType;
    return *static_cast<StateType*>(state);
  }
  static StateType& As(State* state) { return *static_cast<StateType*>(state); }
  static const StateType& As(const State* state) {
    return *static_cast<const StateType*>(state);
  }
};

// The kinds. The spec must outlive the detector.
std::unique_ptr<Detector> NewEventCount(const EventCountSpec& spec);
std::unique_ptr<Detector> NewValueCount(const ValueCountSpec& spec);
std::unique_ptr<Detector> NewFlapping(const FlappingSpec& spec);
std::unique_ptr<Detector> NewChange(const ChangeSpec& spec);
std::unique_ptr<Detector> NewNewTerm(const NewTermSpec& spec);
std::unique_ptr<Detector> NewSequence(const SequenceSpec& spec);
std::unique_ptr<Detector> NewTemporal(const TemporalSpec& spec);
std::unique_ptr<Detector> NewAbsence(const AbsenceSpec& spec);
std::unique_ptr<Detector> NewSilence(const SilenceSpec& spec);
std::unique_ptr<Detector> NewRatio(const RatioSpec& spec);
std::unique_ptr<Detector> NewAggregate(const AggregateSpec& spec);
std::unique_ptr<Detector> NewSpike(const SpikeSpec& spec);
std::unique_ptr<Detector> NewScore(const ScoreSpec& spec);
std::unique_ptr<Detector> NewDeadline(const DeadlineSpec& spec);

}  // namespace premura
