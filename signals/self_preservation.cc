// SPDX-License-Identifier: Apache-2.0

#include "signals/self_preservation.h"

#include <functional>
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

void StallWatch::Resume(const StallRecord& record) {
  had_enough_ = had_enough_ || record.has_enough;
  stalled_ = stalled_ || record.stall != Stall::kNone;
  unreadable_ =
      unreadable_ || (record.stall == Stall::kSure && !record.has_enough);
}

void StallWatch::Saw(std::string_view customer, Timestamp clock) {
  const std::int64_t day = clock.time_since_epoch() / std::chrono::hours(24);
  if (day > day_) {
    // Before the first day stands what it was resumed with.
    if (day_ != 0) had_enough_ = active_.size() >= bounds_.min_customers;
    active_.clear();
    day_ = day;
  }
  if (active_.size() >= bounds_.min_customers) return;
  active_.insert(std::hash<std::string_view>()(customer));
}

// The wall clock may leap; a leap back begins anew.
Stall StallWatch::Look(Timestamp now, Trouble trouble) {
  for (auto* since : {&heard_, &well_since_, &readable_since_}) {
    if (*since && **since > now) *since = now;
  }
  if (!heard_) heard_ = now;
  if (!bounds_.enabled) {
    stalled_ = unreadable_ = false;
    return Stall::kNone;
  }
  LookIfReadable(now, trouble);
  if (trouble != Trouble::kNone || now - *heard_ >= bounds_.quiet_after) {
    stalled_ = true;
    well_since_.reset();
  } else if (stalled_) {
    if (!well_since_) well_since_ = now;
    stalled_ = *heard_ - *well_since_ < bounds_.resume_after;
  }
  if (unreadable_ || (stalled_ && HasEnough())) return Stall::kSure;
  return stalled_ ? Stall::kOfFew : Stall::kNone;
}

void StallWatch::LookIfReadable(Timestamp now, Trouble trouble) {
  if (trouble == Trouble::kUnreadable) {
    unreadable_ = true;
    readable_since_.reset();
  } else if (unreadable_) {
    if (!readable_since_) readable_since_ = now;
    unreadable_ = now - *readable_since_ < bounds_.resume_after;
  }
}

}  // namespace premura
