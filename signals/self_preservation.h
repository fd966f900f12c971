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
#include <string_view>
#include <unordered_set>

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
  // the source cannot be read.
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

// Whether a source is stalled: it says nothing, brings what is long past, or
// cannot be read.
enum class Stall : std::uint8_t {
  kNone,
  // By what the source knows it has few customers: who has enough of those
  // whose events rules look at doubts all the same.
  kOfFew,
  // It has enough customers, or could not be read a moment ago.
  kSure,
};

// What outlives a restart of that.
struct StallRecord {
  Stall stall = Stall::kNone;
  bool has_enough = false;  // Customers.

  bool operator==(const StallRecord&) const = default;
};

// StallWatch: whether a source is stalled, by whatever clock it is shown: the
// wall's, or that of recorded events.
class StallWatch {
 public:
  enum class Trouble : std::uint8_t { kNone, kBehind, kUnreadable };

  void Use(const SelfPreservation& bounds) { bounds_ = bounds; }

  // Goes on as it was, or as one of several was whose places it takes.
  void Resume(const StallRecord& record);

  // An event came.
  void Heard(Timestamp now) { heard_ = now; }
  // Of whom, by its own clock.
  void Saw(std::string_view customer, Timestamp clock);
  // `trouble`: what is known beside that. It flows again once it is well, and
  // still heard after `resume_after`.
  Stall Look(Timestamp now, Trouble trouble = Trouble::kNone);
  // Where it is not, and nothing has come: since when it is, by `now`.
  std::optional<Timestamp> StallsBy(Timestamp now) const;
  bool stalled() const { return stalled_; }
  bool HasEnough() const {
    return had_enough_ || active_.size() >= bounds_.min_customers;
  }

 private:
  void LookIfReadable(Timestamp now, Trouble trouble);

  SelfPreservation bounds_;
  std::optional<Timestamp> heard_;  // Or when it was looked at first.
  std::optional<Timestamp> well_since_;
  bool stalled_ = false;
  std::optional<Timestamp> readable_since_;
  bool unreadable_ = false;  // Or was, a moment ago.

  // Customers with events on the last day that had any, as long as they are not
  // enough, by hash; and whether they were on the day before.
  std::unordered_set<std::size_t> active_;
  bool had_enough_ = false;
  std::int64_t day_ = 0;
};

}  // namespace premura
