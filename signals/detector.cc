// SPDX-License-Identifier: Apache-2.0

#include "signals/detector.h"

namespace premura {

namespace {

struct NewOf {
  using Made = std::unique_ptr<Detector>;
  Made operator()(const EventCountSpec& spec) { return NewEventCount(spec); }
  Made operator()(const ValueCountSpec& spec) { return NewValueCount(spec); }
  Made operator()(const FlappingSpec& spec) { return NewFlapping(spec); }
  Made operator()(const SequenceSpec& spec) { return NewSequence(spec); }
  Made operator()(const AbsenceSpec& spec) { return NewAbsence(spec); }
};

}  // namespace

std::optional<Finding> Detector::Fire(State* state) const {
  state->due = kNever;  // A kind without timers is never woken.
  return std::nullopt;
}

std::unique_ptr<Detector> NewDetector(const Rule& rule) {
  return std::visit(NewOf(), rule.detect.spec);
}

}  // namespace premura
