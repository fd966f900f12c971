// SPDX-License-Identifier: Apache-2.0
// Probes of event_count and value_count, flapping and temporal: so many things
// inside a window.

#include <fmt/format.h>

#include <numeric>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// `events` are what counts; `before` is there without counting.
void AddEdges(const std::string& says, const ProbeEvents& before,
              const ProbeEvents& events, Duration within, ProbeCases* cases) {
  if (events.size() < 2) return;
  const ProbeEvents rest(events.begin() + 1, events.end());
  const ProbeEvents first =
      AllAt(before, kZero) + ProbeEvents{At(events.front(), kZero)};
  cases->Add(fmt::format("{}, the first one a millisecond less than {} before "
                         "the last",
                         says, ReadableDuration(within)),
             first + AllAt(rest, within - kTick), {within - kTick});
  cases->Add(fmt::format("{}, the first one exactly {} before the last", says,
                         ReadableDuration(within)),
             first + AllAt(rest, within), {});
}

void AddEnough(const std::string& says, const ProbeEvents& events,
               Duration within, ProbeCases* cases) {
  ProbeScript script;
  script.says = fmt::format("{} within {}", says, ReadableDuration(within));
  script.events = AllAt(events, kZero);
  if (within > kTick) script.late = ProbeScript::Late::kCounts;
  script.one_is_enough = events.size() == 1;
  cases->AddScript(script);
  AddEdges(says, {}, events, within, cases);
}

// `gte`: events that count one each.
void AddAtLeast(const ProbeEvents& events, const std::string& what,
                Duration within, ProbeCases* cases) {
  const auto n = events.size();
  const ProbeEvents all = AllAt(events, kZero);
  if (n > 1) {
    cases->Add(fmt::format("{} {} within {}: one too few", n - 1, what,
                           ReadableDuration(within)),
               {all.begin(), all.end() - 1}, {});
  }
  AddEnough(fmt::format("{} {}", n, what), events, within, cases);
  if (n == 1) return;
  const std::string again =
      fmt::format("{} {} within {}, then ", n, what, ReadableDuration(within));
  cases->Add(again + fmt::format("{} more", n - 1),
             all + ProbeEvents(all.begin(), all.end() - 1), {kZero});
  cases->Add(again + fmt::format("{} more", n), all + all, {kZero, kZero});
}

// `lt`: fewer than so many, by the clock.
void AddFewer(const ProbeEvents& events, const std::string& what,
              Duration within, ProbeCases* cases) {
  const auto n = events.size();
  const std::string span = ReadableDuration(within);
  const ProbeEvents first = {At(events.front(), kZero)};
  ProbeScript script;
  script.says = fmt::format("{}, nothing more", Describe(first.front()));
  script.events = first;
  script.due = within;
  cases->AddScript(script);
  const Duration half = within / 2;
  if (half <= kZero) return;
  const ProbeEvents enough = AllAt(events, half);
  const ProbeEvents few(enough.begin(), enough.end() - 1);
  if (n > 1) {
    ProbeEvents late = enough;
    late.back().at -= kTick;
    const bool counts = cases->CountsLate();
    cases->Add(
        fmt::format("{} {} in the {} after the first, the last of them "
                    "a millisecond late ({})",
                    n, what, span, counts ? "it counts" : "it is passed over"),
        first + late, counts ? Instants() : Instants{within}, within);
  }
  cases->Add(fmt::format("{} {} in the {} after the first", n, what, span),
             first + enough, {}, within);
  cases->Add(fmt::format("{} {} in the {} after the first", n - 1, what, span),
             first + few, {within}, within);
  cases->Add(fmt::format("{} {}, until they are a millisecond less than {} old",
                         n, what, span),
             first + enough, {}, half + within - kTick);
  cases->Add(fmt::format("{} {}, until they are {} old", n, what, span),
             first + enough, {half + within}, half + within);
  cases->Add(
      fmt::format("fewer, then {} {}, until they are {} old", n, what, span),
      first + AllAt(events, within * 2), {within, within * 3}, within * 3);
  cases->Add(fmt::format("fewer, then {} {} and nothing more", n - 1, what),
             first + AllAt(few, within * 2), {within}, within * 3);
}

// The `i`-th value after `first`; nullopt where steps of 1 are lost.
std::optional<Made> After(const Made& first, std::size_t i) {
  const Value& value = first.value();
  if (value.is_number()) {
    const auto step = static_cast<double>(i);
    const double next = value.number() + step;
    if (next - value.number() != step) return std::nullopt;
    return Made::Number(next);
  }
  return Made::Text(std::string(value.text()) + std::to_string(i));
}

// One that differs from `events`. A search among all values that there were is
// slow: what follows the first will mostly do.
std::optional<ProbeEvent> Another(const ProbeEvents& events,
                                  const FieldRef& varied,
                                  const ProbeStage::Wish& search, bool* follows,
                                  ProbeStage* stage) {
  if (*follows && !events.empty()) {
    const auto next = After(*events.front().facts.Find(varied), events.size());
    ProbeStage::Wish wish = search;
    wish.avoid.clear();
    if (next) wish.known.Set(varied, *next);
    auto made = next ? stage->Make(wish) : std::nullopt;
    if (made) return made;
    *follows = false;
  }
  return stage->Make(search);
}

// Events with so many values of the fields, in turn all different.
ProbeEvents Different(const ValueCountSpec& spec, ProbeStage* stage) {
  ProbeStage::Wish wish{{&spec.event}, {}};
  wish.wanted = spec.fields;
  ProbeEvents events;
  for (const FieldRef& varied : spec.fields) {
    wish.avoid = {{varied, {}}};
    wish.known = {};
    events.clear();
    bool follows = true;
    while (static_cast<int>(events.size()) < spec.bound.count) {
      auto made = Another(events, varied, wish, &follows, stage);
      if (!made) break;
      const Made* value = made->facts.Find(varied);
      if (value == nullptr) break;  // The profile's: always the same.
      wish.avoid.front().second.push_back(*value);
      events.push_back(*std::move(made));
    }
    if (static_cast<int>(events.size()) == spec.bound.count) return events;
  }
  stage->Complain(fmt::format(
      "no {} events were found that differ in the field and meet the "
      "conditions",
      spec.bound.count));
  return {};
}

// Two events that tell two states.
std::optional<std::pair<ProbeEvent, ProbeEvent>> States(
    const FlappingSpec& spec, ProbeStage* stage) {
  if (!spec.field) {
    auto on = stage->Make({{&spec.turned_on}, {&spec.turned_off}});
    auto off = stage->Make({{&spec.turned_off}, {&spec.turned_on}});
    if (on && off) return std::pair(*on, *off);
  } else {
    ProbeStage::Wish wish{{&spec.event}, {}};
    wish.wanted = {*spec.field};
    auto on = stage->Make(wish);
    const Made* state = on ? on->facts.Find(*spec.field) : nullptr;
    if (state != nullptr) {
      wish.avoid = {{*spec.field, {*state}}};
      if (auto off = stage->Make(wish)) return std::pair(*on, *off);
    }
  }
  stage->Complain("no events were found that tell two states");
  return std::nullopt;
}

}  // namespace

void ProbeEventCount(const EventCountSpec& spec, ProbeCases* cases) {
  const ProbeEvent event = cases->stage().Need({{&spec.event}, {}});
  if (!cases->stage().problem().empty()) return;
  const ProbeEvents events = Times(event, spec.bound.count, kZero);
  if (spec.bound.op == CountBound::Op::kLt) {
    AddFewer(events, Describe(event), spec.within, cases);
  } else {
    AddAtLeast(events, Describe(event), spec.within, cases);
  }
}

void ProbeValueCount(const ValueCountSpec& spec, ProbeCases* cases) {
  const ProbeEvents events = Different(spec, &cases->stage());
  if (!cases->stage().problem().empty()) return;
  std::string what = Describe(events.front());
  if (events.size() > 1) {
    what = fmt::format("events with different values (from {} to {})", what,
                       Describe(events.back()));
  }
  if (spec.bound.op == CountBound::Op::kLt) {
    AddFewer(events, what, spec.within, cases);
    return;
  }
  AddAtLeast(events, what, spec.within, cases);
  if (events.size() < 2) return;
  ProbeEvents twice = events;
  twice.back() = twice.front();
  cases->Add(fmt::format("{} {}, two of them the same", events.size(), what),
             twice, {});
}

void ProbeFlapping(const FlappingSpec& spec, ProbeCases* cases) {
  const auto states = States(spec, &cases->stage());
  if (!states) return;
  const ProbeEvents first = {states->first};
  ProbeEvents flips;
  for (int i = 0; i < spec.flips; ++i) {
    flips.push_back(i % 2 == 0 ? states->second : states->first);
  }
  const std::string says =
      fmt::format("{} changes between {} and {}", spec.flips,
                  Describe(states->first), Describe(states->second));
  ProbeScript script;
  script.says =
      fmt::format("{} within {}", says, ReadableDuration(spec.within));
  script.events = first + flips;
  script.late = ProbeScript::Late::kPassedOver;
  script.unless_empties = spec.flips > 1;
  cases->AddScript(script);
  AddEdges(says, first, flips, spec.within, cases);
  ProbeEvents fewer = script.events;
  fewer.pop_back();
  cases->Add(says + ", one too few (the first state is no change)", fewer, {});
  fewer.push_back(fewer.back());
  cases->Add(says + ", but the last one tells the same state again", fewer, {});
}

void ProbeTemporal(const TemporalSpec& spec, ProbeCases* cases) {
  ProbeEvents events;
  for (const Pattern& item : spec.all) {
    ProbeStage::Wish wish{{&item}, {}};
    for (const Pattern& other : spec.all) {
      if (&other != &item) wish.is_not.push_back(&other);
    }
    auto own = cases->stage().Make(wish);
    events.push_back(own ? *own : cases->stage().Need({{&item}, {}}));
  }
  if (!cases->stage().problem().empty()) return;
  AddEnough(Listed(events), events, spec.within, cases);
  const ProbeEvents back(events.rbegin(), events.rend());
  cases->Add(Listed(back) + ": another order", back, {kZero});
  for (std::size_t i = 0; i < events.size(); ++i) {
    ProbeEvents rest = events;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    cases->Add(fmt::format("{}, without {}", Listed(rest), Describe(events[i])),
               rest, {});
  }
}

}  // namespace premura
