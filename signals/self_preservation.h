// SPDX-License-Identifier: Apache-2.0
// SelfPreservation: when a silence is not believed. A stream that died must not
// look like customers who have fallen silent, so what fires on nothing
// happening is held while a source is stalled (it is quiet, cut off, or brings
// what is long past) or far more customers than usual would fire at once.
// StallWatch judges a source, Silences (silences.h) a shard's customers.
//
// Plain data; reads no clock.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "rules/rule.h"
#include "rules/time.h"

namespace premura {

struct SelfPreservation {
  bool enabled = false;
  // A source without any event for so long is stalled,
  Duration quiet_after = std::chrono::minutes(15);
  // and flows again after so long of being heard and caught up.
  Duration resume_after = std::chrono::minutes(1);
  // Below so many customers active within a day a silence is believed, unless
  // the source is cut off.
  std::size_t min_customers = 100;
  // Too many at once: that share of the active customers within that time, but
  // at least so many times what was the most of any day of the last week.
  double max_share = 0.1;
  Duration within = std::chrono::minutes(5);
  int times_usual = 2;

  bool operator==(const SelfPreservation&) const = default;
};

// Whether the rule's timers go off because nothing happened.
bool FiresOnNothing(const Rule& rule);

// Whether a source is stalled.
enum class Stall : std::uint8_t {
  kNone,
  kQuiet,   // It says nothing, or brings what is long past.
  kCutOff,  // It cannot be read, or could not be a moment ago.
};

// StallWatch: whether a source is stalled, by whatever clock it is shown: the
// wall's, or that of recorded events.
class StallWatch {
 public:
  void Use(const SelfPreservation& bounds) { bounds_ = bounds; }

  // Goes on as it was.
  void Resume(Stall stall) {
    stalled_ = stall != Stall::kNone;
    cut_off_ = stall == Stall::kCutOff;
  }

  // An event came.
  void Heard(Timestamp now) { heard_ = now; }
  // `trouble`: what is known beside that. It flows again once it is well, and
  // still heard after `resume_after`; it is cut off until it could be read for
  // so long.
  Stall Look(Timestamp now, Stall trouble = Stall::kNone);
  // Where it is not, and nothing has come: since when it is, by `now`.
  std::optional<Timestamp> StallsBy(Timestamp now) const;
  bool stalled() const { return stalled_; }

 private:
  void LookIfCutOff(Timestamp now, Stall trouble);

  SelfPreservation bounds_;
  std::optional<Timestamp> heard_;  // Or when it was looked at first.
  std::optional<Timestamp> well_since_;
  bool stalled_ = false;
  std::optional<Timestamp> readable_since_;
  bool cut_off_ = false;
};

}  // namespace premura
