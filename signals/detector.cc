// SPDX-License-Identifier: Apache-2.0

#include "signals/detector.h"

#include <utility>

namespace premura {

namespace {

struct NewOf {
  using Made = std::unique_ptr<Detector>;
  Made operator()(const EventCountSpec& spec) { return NewEventCount(spec); }
  Made operator()(const ValueCountSpec& spec) { return NewValueCount(spec); }
  Made operator()(const FlappingSpec& spec) { return NewFlapping(spec); }
  Made operator()(const ChangeSpec& spec) { return NewChange(spec); }
  Made operator()(const NewTermSpec& spec) { return NewNewTerm(spec); }
  Made operator()(const SequenceSpec& spec) { return NewSequence(spec); }
  Made operator()(const TemporalSpec& spec) { return NewTemporal(spec); }
  Made operator()(const AbsenceSpec& spec) { return NewAbsence(spec); }
  Made operator()(const SilenceSpec& spec) { return NewSilence(spec); }
  Made operator()(const RatioSpec& spec) { return NewRatio(spec); }
  Made operator()(const AggregateSpec& spec) { return NewAggregate(spec); }
  Made operator()(const SpikeSpec& spec) { return NewSpike(spec); }
  Made operator()(const ScoreSpec& spec) { return NewScore(spec); }
  Made operator()(const DeadlineSpec& spec) { return NewDeadline(spec); }
};

}  // namespace

// --- Memos ------------------------------------------------------------------

// Leaves the memo empty.
State* Detector::Open(Memo* memo) const {
  if (memo->alone()) return Unfold(memo->TakeEvent());
  return std::exchange(*memo, {}).state();
}

void Detector::Close(State* state, Memo* memo) const {
  if (state != nullptr && state->due == kNever && state->queued == kNever) {
    if (SeenRef event = Fold(*state)) {
      Delete(state);
      *memo = Memo(std::move(event));
      return;
    }
  }
  *memo = Memo(state);
}

std::optional<Finding> Detector::Take(const Sight& sight, Memo* memo) const {
  if (memo->state() == nullptr && TakeAlone(sight, memo)) return std::nullopt;
  State* state = Open(memo);
  std::optional<Finding> finding = Take(sight, state);
  Close(state, memo);
  return finding;
}

void Detector::Reset(Timestamp at, Memo* memo) const {
  State* state = Open(memo);
  Reset(state, at);
  Close(state, memo);
}

void Detector::Clear(Memo* memo) const {
  if (memo->alone()) {
    memo->TakeEvent();
  } else if (State* const state = std::exchange(*memo, {}).state()) {
    Delete(state);
  }
}

void Detector::Save(const Memo& memo, RecordWriter* record) const {
  if (!memo.alone()) return Save(*memo.state(), record);
  State* const state = Unfold(memo.event());
  Save(*state, record);
  Delete(state);
}

void Detector::Load(RecordReader* record, Memo* memo) const {
  Close(Load(record), memo);
}

Standing Detector::Explain(const Memo& memo, Timestamp now) const {
  if (!memo.alone()) return Explain(memo.state(), now);
  State* const state = Unfold(memo.event());
  Standing standing = Explain(state, now);
  Delete(state);
  return standing;
}

// --- States -----------------------------------------------------------------

std::optional<Finding> Detector::Take(const Sight&, State*&) const {
  return std::nullopt;  // A kind without patterns is shown no event.
}

std::optional<Finding> Detector::Fire(State* state) const {
  state->due = kNever;  // A kind without timers is never woken.
  return std::nullopt;
}

std::unique_ptr<Detector> NewDetector(const Rule& rule) {
  return std::visit(NewOf(), rule.detect.spec);
}

}  // namespace premura
