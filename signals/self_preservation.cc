// SPDX-License-Identifier: Apache-2.0

#include "signals/self_preservation.h"

#include <variant>

namespace premura {

namespace {

struct OnNothing {
  static bool IsFewer(const CountBound& bound) {
    return bound.op == CountBound::Op::kLt;
  }
  bool operator()(const AbsenceSpec&) const { return true; }
  bool operator()(const SilenceSpec&) const { return true; }
  bool operator()(const EventCountSpec& spec) const {
    return IsFewer(spec.bound);
  }
  bool operator()(const ValueCountSpec& spec) const {
    return IsFewer(spec.bound);
  }
  bool operator()(const SequenceSpec& spec) const {
    return spec.steps.back().negative;
  }
  bool operator()(const SpikeSpec& spec) const { return spec.down; }
  template <typename Spec>
  bool operator()(const Spec&) const {
    return false;
  }
};

}  // namespace

bool FiresOnNothing(const Rule& rule) {
  return std::visit(OnNothing(), rule.detect.spec);
}

std::optional<Timestamp> StallWatch::StallsBy(Timestamp now) const {
  if (!bounds_.enabled || stalled_ || !heard_) return std::nullopt;
  if (now - *heard_ < bounds_.quiet_after) return std::nullopt;
  return *heard_ + bounds_.quiet_after;
}

// The wall clock may leap; a leap back begins anew.
Stall StallWatch::Look(Timestamp now, Stall trouble) {
  for (auto* since : {&heard_, &well_since_, &readable_since_}) {
    if (*since && **since > now) *since = now;
  }
  if (!heard_) heard_ = now;
  if (!bounds_.enabled) {
    Resume(Stall::kNone);
    return Stall::kNone;
  }
  LookIfCutOff(now, trouble);
  if (trouble != Stall::kNone || now - *heard_ >= bounds_.quiet_after) {
    stalled_ = true;
    well_since_.reset();
  } else if (stalled_) {
    if (!well_since_) well_since_ = now;
    stalled_ = *heard_ - *well_since_ < bounds_.resume_after;
  }
  if (cut_off_) return Stall::kCutOff;
  return stalled_ ? Stall::kQuiet : Stall::kNone;
}

void StallWatch::LookIfCutOff(Timestamp now, Stall trouble) {
  if (trouble == Stall::kCutOff) {
    cut_off_ = true;
    readable_since_.reset();
  } else if (cut_off_) {
    if (!readable_since_) readable_since_ = now;
    cut_off_ = now - *readable_since_ < bounds_.resume_after;
  }
}

}  // namespace premura
