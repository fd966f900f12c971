// SPDX-License-Identifier: Apache-2.0
// Probes of absence and silence: what does not come.

#include <fmt/format.h>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

void AddClosing(const AbsenceSpec& spec, const ProbeEvent& opens,
                ProbeCases* cases) {
  const auto closes = cases->stage().Make({{&spec.without}, {&spec.after}});
  if (!closes) return;
  const std::string opening = Describe(opens), closing = Describe(*closes);
  const std::string wait = ReadableDuration(spec.wait);
  cases->Add(fmt::format("{}, and {} a millisecond before {} have passed",
                         opening, closing, wait),
             {opens, At(*closes, spec.wait - kTick)}, {}, spec.wait * 2);
  cases->Add(fmt::format("{}, and {} exactly {} later: too late", opening,
                         closing, wait),
             {opens, At(*closes, spec.wait)}, {spec.wait}, spec.wait);
  cases->Add(fmt::format("{} and then {}: the wrong order", closing, opening),
             {At(*closes, kZero), opens}, {spec.wait}, spec.wait);
  cases->Add(fmt::format("{}, and {} late, from a millisecond before it",
                         opening, closing),
             {opens, At(*closes, -kTick)}, {spec.wait}, spec.wait);
  ProbeEvent other = At(*closes, kZero);
  other.customer = "bruno";
  cases->Add(fmt::format("{}, and {} of another customer", opening, closing),
             {opens, other}, {spec.wait}, spec.wait);
  if (const auto group = cases->stage().InOtherGroup(*closes)) {
    cases->Add(
        fmt::format("{}, and in another group {}", opening, Describe(*group)),
        {opens, At(*group, kZero)}, {spec.wait}, spec.wait);
  }
}

void AddOpening(const AbsenceSpec& spec, const ProbeEvent& opens,
                ProbeCases* cases) {
  const Duration half = spec.wait / 2;
  const Duration due = spec.restart ? half + spec.wait : spec.wait;
  const std::string says = fmt::format(
      "{}, and again after {}{}", Describe(opens), ReadableDuration(half),
      spec.restart ? ", which begins anew" : "");
  const ProbeEvents events = {opens, At(opens, half)};
  cases->Add(
      fmt::format("{}, a millisecond before {}", says, ReadableDuration(due)),
      events, {}, due - kTick);
  cases->Add(fmt::format("{}, at {}", says, ReadableDuration(due)), events,
             {due}, due);
}

// Before the opening event that the rule saw last, so that it is late.
void AddLateClosing(const AbsenceSpec& spec, const ProbeEvent& opens,
                    ProbeCases* cases) {
  const auto closes = cases->stage().Make({{&spec.without}, {&spec.after}});
  const Duration half = spec.wait / 2;
  if (!closes || half <= kTick) return;
  const bool closed = cases->CountsLate() && !spec.restart;
  const Duration due = spec.restart ? half + spec.wait : spec.wait;
  const char* const does = closed         ? "it closes"
                           : spec.restart ? "from before it began anew"
                                          : "it is passed over";
  cases->Add(
      fmt::format("{}, again after {}, and then {} a millisecond late ({})",
                  Describe(opens), ReadableDuration(half), Describe(*closes),
                  does),
      {opens, At(opens, half), At(*closes, half - kTick)},
      closed ? Instants() : Instants{due}, due);
}

}  // namespace

void ProbeAbsence(const AbsenceSpec& spec, ProbeCases* cases) {
  auto made = cases->stage().Make({{&spec.after}, {&spec.without}});
  const bool both = !made;
  if (both) made = cases->stage().Need({{&spec.after}, {}});
  if (!cases->stage().problem().empty()) return;
  ProbeScript script;
  script.says = fmt::format("{} and nothing more", Describe(*made));
  script.events = {*made};
  script.due = spec.wait;
  cases->AddScript(script);
  AddClosing(spec, *made, cases);
  if (both) return;
  AddOpening(spec, *made, cases);
  AddLateClosing(spec, *made, cases);
}

void ProbeSilence(const SilenceSpec& spec, ProbeCases* cases) {
  const ProbeEvent event = cases->stage().Need({{&spec.event}, {}});
  if (!cases->stage().problem().empty()) return;
  const ProbeEvents enough = Times(event, spec.min_events, kZero);
  const std::string wait = ReadableDuration(spec.wait);
  ProbeScript script;
  script.says = Counted(spec.min_events, event) + " and then nothing";
  script.events = enough;
  script.due = spec.wait;
  script.late = ProbeScript::Late::kPassedOver;
  cases->AddScript(script);
  if (spec.min_events > 1) {
    cases->Add(
        fmt::format("{}: one too few", Counted(spec.min_events - 1, event)),
        {enough.begin() + 1, enough.end()}, {}, spec.wait);
  }
  const std::string last = Counted(spec.min_events, event) + ", and one more";
  cases->Add(fmt::format("{} a millisecond before {} have passed", last, wait),
             enough + ProbeEvents{At(event, spec.wait - kTick)}, {}, spec.wait);
  cases->Add(fmt::format("{} exactly {} later: too late", last, wait),
             enough + ProbeEvents{At(event, spec.wait)}, {spec.wait},
             spec.wait);
  cases->Add(fmt::format("{} a millisecond late (it is passed over)", last),
             enough + ProbeEvents{At(event, -kTick)}, {spec.wait}, spec.wait);
  cases->Add(fmt::format("{}, twice: quiet, active again, quiet", script.says),
             enough + Times(event, spec.min_events, spec.wait * 2),
             {spec.wait, spec.wait * 3}, spec.wait * 3);
}

}  // namespace premura
