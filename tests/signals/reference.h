// SPDX-License-Identifier: Apache-2.0
// The rule language, read plainly: for each kind an evaluator that looks at the
// whole list of events again and again, instant by instant where timers are
// concerned. Slow, and written without a look at the engine's algorithms.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/signals/stream.h"

namespace premura {

struct RefDetection {
  long at = 0;
  std::vector<std::string> evidence;  // Ids.
};

inline long TimeOf(const StreamEvent& event) {
  return static_cast<long>(event.time.count());
}
std::vector<std::string> IdsInOrderOfTime(std::vector<StreamEvent> events);

// Plays one customer's and group's part of a stream. Events that are not the
// rule's (another customer's, or of another name) come as clock moves.
class RefEvaluator {
 public:
  virtual ~RefEvaluator() = default;

  // Everything in order of arrival; `is_mine` says whose events they are.
  std::vector<RefDetection> Run(
      const Stream& stream,
      const std::function<bool(const StreamEvent&)>& is_mine);

  bool ignore_late = false;
  std::function<bool(const StreamEvent&)> unless = [](const StreamEvent&) {
    return false;
  };

 protected:
  // Does the event match a pattern (with the field the kind needs)?
  virtual bool Matches(const StreamEvent& event) const = 0;
  // Takes an event of the rule.
  virtual void Take(const StreamEvent& event) = 0;
  // Does a timer go off at this instant? What it finds, it detects.
  virtual bool Tick(long now) = 0;
  // A timer that a late event has set to an instant that is already past.
  virtual long Overdue() const { return newest + 1; }
  virtual void Empty() = 0;
  // `unless`, at that time.
  virtual void EmptyAt(long) { Empty(); }

  void Detect(long at, std::vector<std::string> evidence) {
    found_.push_back({at, std::move(evidence)});
  }
  bool IsLate(const StreamEvent& event) const {
    return event.time.count() < newest;
  }

  long newest = -1'000'000;  // That the rule has seen.

 private:
  void FireUpTo(long time);
  std::vector<RefDetection> found_;
};

struct RefWindow {
  std::function<bool(const StreamEvent&)> matches;
  std::string field;  // Of value_count; empty: event_count.
  bool lt = false;
  int bound = 1;
  long within = 1;
};
std::unique_ptr<RefEvaluator> NewRefWindow(RefWindow spec);

struct RefFlapping {
  // The state that the event says, if it says one.
  std::function<std::optional<std::string>(const StreamEvent&)> state;
  int flips = 1;
  long within = 1;
};
std::unique_ptr<RefEvaluator> NewRefFlapping(RefFlapping spec);

struct RefAbsence {
  std::function<bool(const StreamEvent&)> after;
  std::function<bool(const StreamEvent&)> without;
  long wait = 1;
  bool restart = false;
};
std::unique_ptr<RefEvaluator> NewRefAbsence(RefAbsence spec);

struct RefChange {
  std::function<bool(const StreamEvent&)> matches;
  std::string field;
  std::string from;  // Empty: any.
  std::string to;
  std::optional<long> within;
};
std::unique_ptr<RefEvaluator> NewRefChange(RefChange spec);

struct RefNewTerm {
  std::function<bool(const StreamEvent&)> matches;
  std::string field;
  long learn = 1;
  long remember = 1;
};
std::unique_ptr<RefEvaluator> NewRefNewTerm(RefNewTerm spec);

struct RefTemporal {
  std::vector<std::function<bool(const StreamEvent&)>> all;
  long within = 1;
};
std::unique_ptr<RefEvaluator> NewRefTemporal(RefTemporal spec);

struct RefSilence {
  std::function<bool(const StreamEvent&)> matches;
  long wait = 1;
  int min_events = 1;
};
std::unique_ptr<RefEvaluator> NewRefSilence(RefSilence spec);

struct RefScore {
  struct Signal {
    std::function<bool(const StreamEvent&)> matches;
    double weight = 1;
  };
  std::vector<Signal> signals;
  long half_life = 1;
  double gte = 1;
  double reset_below = 1;
};
std::unique_ptr<RefEvaluator> NewRefScore(RefScore spec);

struct RefRatio {
  std::function<bool(const StreamEvent&)> of;
  std::function<bool(const StreamEvent&)> over;
  std::function<bool(double)> bound;
  long within = 1;
  int min_denominator = 1;
  std::optional<long> hold;
};
std::unique_ptr<RefEvaluator> NewRefRatio(RefRatio spec);

struct RefAggregate {
  std::function<bool(const StreamEvent&)> matches;
  std::string field;
  std::string fn;
  std::function<bool(double)> bound;
  long within = 1;
  int min_events = 1;
  std::optional<long> hold;
};
std::unique_ptr<RefEvaluator> NewRefAggregate(RefAggregate spec);

struct RefSpike {
  std::function<bool(const StreamEvent&)> matches;
  long within = 1;
  long reference = 1;
  bool up = true;
  bool down = false;
  long factor = 1;
  int min_reference = 1;
  int min_current = 1;
  std::optional<long> hold;
};
std::unique_ptr<RefEvaluator> NewRefSpike(RefSpike spec);

struct RefSequence {
  // (event, the attempt's opening event); the opening event of nothing is
  // nullptr.
  using Test =
      std::function<bool(const StreamEvent&, const StreamEvent* opening)>;
  struct Step {
    Test event;
    bool optional = false;
    bool next = false;
    std::vector<Test> nots;  // Before it.
  };
  std::vector<Step> steps;  // Repeats written out.
  struct Guard {
    Test event;
    long wait = 0;
  };
  std::optional<Guard> leading;
  std::optional<Guard> trailing;
  std::optional<long> within;
};
std::unique_ptr<RefEvaluator> NewRefSequence(RefSequence spec);

}  // namespace premura
