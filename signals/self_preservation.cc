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
bool StallWatch::Look(Timestamp now, bool troubled) {
  if (!heard_ || *heard_ > now) heard_ = now;
  if (well_since_ && *well_since_ > now) well_since_ = now;
  if (!bounds_.enabled) {
    stalled_ = false;
  } else if (troubled || now - *heard_ >= bounds_.quiet_after) {
    stalled_ = true;
    well_since_.reset();
  } else if (stalled_) {
    if (!well_since_) well_since_ = now;
    stalled_ = *heard_ - *well_since_ < bounds_.resume_after;
  }
  return stalled_;
}

}  // namespace premura
