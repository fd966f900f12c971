// SPDX-License-Identifier: Apache-2.0
// Probes of `cancel_on`, for every kind: what waits to be sent is taken back by
// an event at or after the detection, of the same customer and group.

#include <fmt/format.h>

#include <algorithm>

#include "daemon/rule_test/probe_cases.h"

namespace premura {
namespace {

template <typename... Each>
struct Overloaded : Each... {
  using Each::operator()...;
};
template <typename... Each>
Overloaded(Each...) -> Overloaded<Each...>;

using Patterns = ProbeStage::Patterns;

Patterns InSequence(const SequenceSpec& spec) {
  Patterns patterns;
  for (const SequenceSpec::Step& step : spec.steps) {
    patterns.push_back(&step.event);
    if (step.not_between) patterns.push_back(&*step.not_between);
  }
  return patterns;
}

template <typename List, typename Of>
Patterns OfEach(const List& list, const Of& of) {
  Patterns patterns;
  for (const auto& one : list) patterns.push_back(of(one));
  return patterns;
}

// The events that a kind looks at.
Patterns PatternsOf(const KindSpec& kind) {
  return std::visit(
      Overloaded{
          [](const FlappingSpec& spec) -> Patterns {
            if (spec.field) return {&spec.event};
            return {&spec.turned_on, &spec.turned_off};
          },
          [](const SequenceSpec& spec) { return InSequence(spec); },
          [](const TemporalSpec& spec) {
            return OfEach(spec.all, [](const Pattern& one) { return &one; });
          },
          [](const ScoreSpec& spec) {
            return OfEach(spec.signals, [](const ScoreSpec::Signal& one) {
              return &one.event;
            });
          },
          [](const AbsenceSpec& spec) -> Patterns {
            return {&spec.after, &spec.without};
          },
          [](const RatioSpec& spec) -> Patterns {
            return {&spec.of, &spec.over};
          },
          [](const DeadlineSpec&) { return Patterns(); },
          [](const auto& spec) -> Patterns { return {&spec.event}; },
      },
      kind);
}

bool TakesItselfBack(const Rule& rule) {
  return std::any_of(rule.cancel_on.begin(), rule.cancel_on.end(),
                     [&](const Pattern& one) {
                       return std::find(one.names.begin(), one.names.end(),
                                        rule.detection_name) != one.names.end();
                     });
}

}  // namespace

// Of an event that is nothing else to the rule. Where there is none, of one
// that ends a wait, and only once it is over: all else might fire the rule
// anew.
void ProbeCases::AddCancel(const ProbeScript& script, Duration fires) {
  const Rule& rule = stage_.rule();
  if (TakesItselfBack(rule)) return;  // Whatever else comes.
  for (const Pattern& cancel : rule.cancel_on) {
    const auto apart = stage_.Make({{&cancel}, PatternsOf(rule.detect.spec)});
    const auto made =
        apart || !script.due ? apart : stage_.Make({{&cancel}, {}});
    if (made) AddCancelAfter(script, fires, *made);
    if (apart) AddCancelBefore(script, fires, *apart);
  }
}

void ProbeCases::AddCancelAfter(const ProbeScript& script, Duration fires,
                                const ProbeEvent& cancel) {
  const std::string says = script.due ? "once it is due" : "then";
  const auto add = [&](const ProbeEvent& event, const char* of, bool takes) {
    Add(fmt::format("{}, {} {}{} (`cancel_on`)", script.says, says,
                    Describe(event), of),
        script.events + ProbeEvents{At(event, fires)}, {fires}, script.due);
    cases_.back().taken_back = takes ? Instants{fires} : Instants();
  };
  add(cancel, "", true);
  ProbeEvent other = cancel;
  other.customer = "bruno";
  add(other, " of another customer", false);
  if (const auto group = stage_.InOtherGroup(cancel)) {
    add(*group, " of another group", false);
  }
}

void ProbeCases::AddCancelBefore(const ProbeScript& script, Duration fires,
                                 const ProbeEvent& cancel) {
  ProbeEvents events = script.events;
  const auto add = [&](const char* when) {
    Add(fmt::format("{}, {} {} (`cancel_on`)", script.says, Describe(cancel),
                    when),
        events, {fires}, script.due);
    cases_.back().taken_back = Instants();
  };
  if (script.due) {
    events.push_back(At(cancel, *script.due - kTick));
    return add("a millisecond before it is due");
  }
  events.push_back(At(cancel, fires - kTick));
  add("afterwards, but from a millisecond before");
}

}  // namespace premura
