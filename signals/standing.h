// SPDX-License-Identifier: Apache-2.0
// Standing: how far a rule is with one customer and group: what it has, what it
// needs, what it waits for and until when, and when the clock alone makes it
// fire. Worked out from the detector's own state when somebody asks; what it
// promises, the engine then does.
//
// Plain data. The patterns live in the rule.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/mismatch.h"
#include "rules/rule_set.h"

namespace premura {

struct Standing {
  enum class Phase : std::uint8_t {
    kIdle,      // Nothing is under way.
    kUnderWay,  // Some of what it needs is there.
    kTimed,     // At `fires_at` it fires, if nothing comes between.
    kLearning,  // Whatever comes, it does not fire before `from`.
    kSpent,     // It has fired and is not armed yet: see `need`, or `from`.
    kBlocked,   // A leading `not` keeps it from beginning before `from`.
  };
  // What `have` and `need` count.
  enum class Measure : std::uint8_t {
    kNone,
    kEvents,
    kValues,  // Distinct ones.
    kFlips,
    kSteps,
    kItems,
    kShare,   // `have` events of `total`; `need` is the bound.
    kFigure,  // Of aggregate.
    kScore,
    kRate,  // `have` events where `total` are usual.
  };

  Phase phase = Phase::kIdle;
  Measure measure = Measure::kNone;
  double have = 0;
  double need = 0;
  double total = 0;
  // Too few events for the bound to be looked at: `events` of `min_events`.
  int events = 0;
  int min_events = 0;

  // What carries it on: an event of any of these that is none of `against`.
  std::vector<const Pattern*> awaits;
  // What undoes, or puts off, what is under way.
  std::vector<const Pattern*> against;
  // So many events that it awaits, all before `until`, and it fires at the last
  // (is armed, if kSpent). Of values and states: each another. 0: that cannot
  // be said.
  int more = 0;
  // The same by one event with such a number.
  std::optional<Bound> number;
  // When some of what it has is over; kNever: it lasts.
  Timestamp until = Timestamp::max();
  Timestamp from = Timestamp::min();
  Timestamp fires_at = Timestamp::max();
  // When what is under way began, or was last seen; Timestamp::min(): nothing.
  Timestamp since = Timestamp::min();
  bool next = false;             // A `next`: any other event undoes it.
  bool reversed = false;         // `lt`: fires when fewer are there.
  bool from_unmet = false;       // The value before is none that `from` means.
  bool beyond = false;           // Beyond the bound already: it must come back.
  std::optional<Duration> hold;  // It fires after so long beyond the bound.
};

// Of one group; of the customer, where the rule has no `group_by`.
struct TrackStanding {
  std::vector<std::pair<std::string, std::string>> group;  // Path, JSON value.
  Timestamp newest = Timestamp::min();  // Seen by the rule; min(): nothing.
  std::optional<Timestamp> fired;       // Last, as far as is remembered.
  // It is due, and waits: the silence that it fires on is not to be believed,
  bool held = false;
  bool stalled = false;  // for the source is quiet; else too many are silent.
  Timestamp held_until = Timestamp::max();  // max(): not by the clock.
  Standing standing;
};

// An event of the customer that the rule names, and passed over.
struct Miss {
  std::string event;
  Timestamp at{};
  std::optional<Mismatch> mismatch;  // What of its condition did not hold; or
  std::string lacks;                 // the field that it has to have,
  bool no_number = false;            // which is there, but is none.
};

struct RuleStanding {
  const Rule* rule = nullptr;
  std::optional<Mismatch> not_for;  // What of `only_for` does not hold now.
  // Those seen last first. Empty: `group_by`, and nothing seen yet.
  std::vector<TrackStanding> tracks;
  std::size_t groups_untold = 0;
  // Of the events that the asker still had; newest first, a few.
  std::vector<Miss> misses;
};

// Of every rule at work, in order of ids.
struct CustomerStanding {
  std::string customer;
  std::shared_ptr<const RuleSet> rules;  // In which the rules live.
  Timestamp clock{};
  // Another instance has the customer's partition: nothing is known here.
  bool elsewhere = false;
  std::vector<RuleStanding> standings;
  // How many of the customer's events were looked at for misses, and since
  // when.
  std::size_t looked_at = 0;
  Timestamp looked_at_since{};
};

}  // namespace premura
