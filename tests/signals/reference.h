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
  // Does a timer go off at this instant? Then it has detected.
  virtual bool Tick(long now) = 0;
  virtual void Empty() = 0;

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
