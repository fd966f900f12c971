// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_test/probe_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/readable_duration.h"

namespace premura {

void ProbeCases::Add(std::string says, ProbeEvents events, Instants expected,
                     std::optional<Duration> clock) {
  cases_.push_back({std::move(says),
                    std::move(events),
                    clock,
                    true,
                    std::move(expected),
                    {}});
}

void ProbeCases::AddScript(const ProbeScript& script) {
  if (!stage_.problem().empty()) return;
  const Duration fires = script.due.value_or(script.events.back().at);
  AddAlone(script, fires);
  if (script.events.size() > 1) AddOthers(script);
  AddUnless(script);
  AddLate(script);
  AddSpent(script, fires);
  AddCancel(script, fires);
  AddUnfit(script);
}

void ProbeCases::AddAlone(const ProbeScript& script, Duration fires) {
  if (!script.due) {
    Add(script.says, script.events, {fires});
    return;
  }
  const Duration waited = fires - script.events.back().at;
  Add(fmt::format("{}, {} later", script.says, ReadableDuration(waited)),
      script.events, {fires}, fires);
  Add(fmt::format("{}, one millisecond earlier", script.says), script.events,
      {}, fires - kTick);
}

void ProbeCases::AddOthers(const ProbeScript& script) {
  ProbeEvents events = script.events;
  events.back().customer = "bruno";
  Add(script.says + ", the last one another customer's", events, {},
      script.due);
  const auto other = stage_.InOtherGroup(script.events.back());
  if (!other) return;
  events.back() = *other;
  Add(fmt::format("{}, the last one in another group: {}", script.says,
                  Describe(*other)),
      events, {}, script.due);
}

void ProbeCases::AddUnless(const ProbeScript& script) {
  const auto& unless = stage_.rule().detect.unless;
  const bool before = !script.due;
  if (!unless || !script.unless_empties) return;
  if (before && script.events.size() < 2) return;
  ProbeStage::Wish wish{{&*unless}, {}};
  wish.ends_all = true;
  auto ends = stage_.Make(wish);
  if (!ends) return;
  ProbeEvents events = script.events;
  ends->at = before ? events[events.size() - 2].at : events.back().at;
  events.insert(before ? events.end() - 1 : events.end(), *ends);
  Add(fmt::format("{}, with {} {}", script.says, Describe(*ends),
                  before ? "before the last one" : "after it"),
      events, {}, script.due);
}

void ProbeCases::AddLate(const ProbeScript& script) {
  if (script.late == ProbeScript::Late::kUnsaid) return;
  const bool counts = script.late == ProbeScript::Late::kCounts && CountsLate();
  const char* const does = counts ? "it counts" : "it is passed over";
  ProbeEvents events = script.events;
  if (script.one_is_enough) {
    events.push_back(At(events.back(), events.back().at - kTick));
    Instants expected = {script.due.value_or(script.events.back().at)};
    if (counts) expected.push_back(events.back().at);
    Add(fmt::format("{}, and another a millisecond late ({})", script.says,
                    does),
        events, expected, script.due);
    return;
  }
  if (events.size() < 2) return;
  const Duration newest = events[events.size() - 2].at;
  const Duration in_time = std::exchange(events.back().at, newest - kTick);
  Instants expected;
  if (counts) {
    // A `for` runs from what began it.
    expected.push_back(script.due ? *script.due - (in_time - events.back().at)
                                  : newest);
  }
  Add(fmt::format("{}, the last one a millisecond late ({})", script.says,
                  does),
      events, expected, script.due);
}

void ProbeCases::AddSpent(const ProbeScript& script, Duration fires) {
  if (script.due) {
    const Duration later = fires + (fires - script.events.front().at) * 3;
    Add(script.says + ", and nothing more for long", script.events, {fires},
        later);
    return;
  }
  Instants expected = {fires};
  if (script.one_is_enough) expected.push_back(fires);
  Add(script.says + ", and the last one once more",
      script.events + ProbeEvents{script.events.back()}, expected);
}

void ProbeCases::AddUnfit(const ProbeScript& script) {
  if (!stage_.Unfit()) return;
  Add(script.says + ", by a customer whom it is not for (`only_for`)",
      script.events, {}, script.due);
  cases_.back().fits = false;
}

ProbeEvent At(ProbeEvent event, Duration at) {
  event.at = at;
  return event;
}

ProbeEvents AllAt(const ProbeEvents& events, Duration at) {
  ProbeEvents moved = events;
  for (ProbeEvent& event : moved) event.at = at;
  return moved;
}

ProbeEvents Times(const ProbeEvent& event, int times, Duration at) {
  const auto n = static_cast<std::size_t>(std::max(times, 0));
  return ProbeEvents(n, At(event, at));
}

ProbeEvents operator+(ProbeEvents a, const ProbeEvents& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string Counted(int times, const ProbeEvent& event) {
  return fmt::format("{} {}", times, Describe(event));
}

std::string Listed(const ProbeEvents& events) {
  std::string text;
  for (std::size_t i = 0; i < events.size();) {
    std::size_t n = i + 1;
    const std::string words = Describe(events[i]);
    while (n < events.size() && Describe(events[n]) == words) ++n;
    if (i > 0) text += ", then ";
    text += n - i > 1 ? fmt::format("{} {}", n - i, words) : words;
    i = n;
  }
  return text;
}

}  // namespace premura
