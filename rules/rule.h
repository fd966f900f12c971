// SPDX-License-Identifier: Apache-2.0
// Rule: one rule of a support lead, read and checked. Plain data, immutable
// once it stands in a RuleSet. The words are those of
// LANGUAGE.md.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "rules/condition.h"
#include "rules/mention.h"
#include "rules/restraint.h"
#include "rules/symbols.h"
#include "rules/time.h"

namespace premura {

// Which events are meant: by name (none: every event, never a detection) and
// condition.
struct Pattern {
  std::vector<SymbolId> names;
  Condition where;
};

// --- Kinds ------------------------------------------------------------------

// `gte: n` or `lt: n` (fewer than usual).
struct CountBound {
  enum class Op : std::uint8_t { kGte, kLt };
  Op op = Op::kGte;
  int count = 0;
};

struct EventCountSpec {
  Pattern event;
  CountBound bound;
  Duration within{};
};

struct ValueCountSpec {
  Pattern event;
  std::vector<FieldRef> fields;  // Taken together.
  CountBound bound;
  Duration within{};
};

struct FlappingSpec {
  // Either a field of `event` whose values are the states ...
  Pattern event;
  std::optional<FieldRef> field;
  // ... or events that turn it on and off.
  Pattern turned_on;
  Pattern turned_off;
  int flips = 0;
  Duration within{};
};

struct SequenceSpec {
  struct Step {
    bool negative = false;  // `not`
    Pattern event;
    int times = 1;
    bool optional = false;
    bool next = false;
    std::string as;
    // Of a leading or trailing `not`.
    std::optional<Duration> wait;
    // `{event: .., times: 2, not: ..}`: between the repeats too.
    std::optional<Pattern> not_between;
  };
  std::vector<Step> steps;  // As written.
  std::optional<Duration> within;
  bool looks_back = false;  // Some step's condition names an earlier one.
};

// One of `gt gte lt lte`.
struct Bound {
  enum class Op : std::uint8_t { kGt, kGte, kLt, kLte };
  Op op = Op::kGte;
  double limit = 0;

  bool Holds(double value) const;
};
const char* ToString(Bound::Op op);  // "gte"

struct ChangeSpec {
  Pattern event;
  std::vector<FieldRef> fields;  // Taken together.
  Condition from;                // On the event that had the previous value,
  Condition to;                  // and on the one that has another.
  std::optional<Duration> within;
};

struct NewTermSpec {
  Pattern event;
  FieldRef field;
  Duration learn{};
  Duration remember{};
};

struct TemporalSpec {
  static constexpr std::size_t kMaxItems = 16;
  std::vector<Pattern> all;
  Duration within{};
};

struct SilenceSpec {
  Pattern event;
  Duration wait{};
  int min_events = 1;
};

struct RatioSpec {
  Pattern of;
  Pattern over;
  Bound bound;
  Duration within{};
  int min_denominator = 1;
  std::optional<Duration> hold;  // `for`
};

struct AggregateSpec {
  enum class Fn : std::uint8_t { kSum, kAvg, kMin, kMax, kP50, kP95, kP99 };
  Pattern event;
  FieldRef field;
  Fn fn = Fn::kSum;
  Bound bound;
  Duration within{};
  int min_events = 1;
  std::optional<Duration> hold;
};

struct SpikeSpec {
  Pattern event;
  Duration within{};
  Duration reference{};
  bool up = false;
  bool down = false;
  double factor = 1;
  int min_reference = 1;
  int min_current = 1;
  std::optional<Duration> hold;
};

struct ScoreSpec {
  struct Signal {
    Pattern event;
    double weight = 1;
  };
  std::vector<Signal> signals;
  Duration half_life{};
  double gte = 0;
  double reset_below = 0;
};

struct DeadlineSpec {
  std::string field;  // A path in the profile.
  bool before = false;
  Duration distance{};
};

struct AbsenceSpec {
  Pattern after;
  Pattern without;
  Duration wait{};
  bool restart = false;
};

using KindSpec =
    std::variant<EventCountSpec, ValueCountSpec, FlappingSpec, ChangeSpec,
                 NewTermSpec, SequenceSpec, TemporalSpec, AbsenceSpec,
                 SilenceSpec, RatioSpec, AggregateSpec, SpikeSpec, ScoreSpec,
                 DeadlineSpec>;

struct Detect {
  std::string kind;  // "event_count"
  KindSpec spec;
  std::vector<FieldRef> group_by;
  std::optional<Pattern> unless;
  bool ignore_late = false;  // `late: ignore`
};

// --- What follows -----------------------------------------------------------

enum class RuleStatus : std::uint8_t { kLive, kSimulation, kDisabled };
enum class Level : std::uint8_t {
  kInformational,
  kLow,
  kMedium,
  kHigh,
  kCritical
};
const char* ToString(RuleStatus status);
const char* ToString(Level level);

struct Action {
  enum class Channel : std::uint8_t { kTicket, kEmail, kSms };
  Channel channel = Channel::kTicket;
  std::string template_name;
  Duration delay{};
  std::string category = "service";  // For consent: "service", "marketing".
  Condition only_if;                 // On the profile.
  std::string desk;         // Ticket only; empty: the configuration's first.
  std::string queue;        // Ticket only; empty: the desk's default.
  std::string priority;     // Ticket only: low | normal | high | urgent.
  SourcePosition position;  // Of the action.
  SourcePosition template_position;  // Of the template's name.
};
const char* ToString(Action::Channel channel);  // "ticket", "email", "sms"

struct Success {
  Pattern event;
  Duration within{};
};

struct Rule {
  std::string id;
  std::string title;
  std::string description;
  RuleStatus status = RuleStatus::kLive;
  Level level = Level::kMedium;
  std::string
      phase;  // plan explore choose buy set_up use maintain renew, or ""
  std::string owner;
  std::vector<std::string> tags;
  int priority = 50;
  Condition only_for;  // On the profile.
  Detect detect;
  std::vector<Pattern> cancel_on;
  std::optional<Duration> cooldown;
  std::optional<Duration> expires_after;
  std::vector<FieldRef> cause;
  std::string article;
  std::vector<Action> actions;
  std::optional<Success> success;
  double holdout = 0;  // Share of customers left alone, 0..1.
  FrequencyCaps frequency_cap;
  QuietHoursByChannel quiet_hours;

  SourcePosition position;  // Of the id.
  Mentions mentions;        // What it says of events, in order.
  // The fields worth showing of an event of this rule: those its patterns look
  // at, then `cause`; each once, none of the profile.
  std::vector<FieldRef> shown_fields;
  // Of what decides detections (`detect`, `only_for`, and the id): 8 hex
  // digits. Equal: state is kept over a reload.
  std::string revision;
  // Of the whole rule as it decides and writes: 8 hex digits.
  std::string hash;
  // Where state of this rule and revision lies; the same over reloads as long
  // as the revision is, never given to another.
  std::uint32_t state_slot = 0;
  SymbolId detection_name = 0;  // Of "detection:<id>" in Symbols::names.
};

}  // namespace premura
