// SPDX-License-Identifier: Apache-2.0

#include "signals/detector.h"

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
