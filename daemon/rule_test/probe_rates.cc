// SPDX-License-Identifier: Apache-2.0
// Probes of spike and score: more or fewer than before, and signs that add up.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

constexpr int kMostEvents = 5000;

// The first event opens the watch; the reference's lie at `reference`, so that
// they are just out of the window at `watched`, when all can be decided.
class SpikeProbe {
 public:
  SpikeProbe(const SpikeSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases), watched_(spec.within + spec.reference) {}

  void Add() {
    event_ = cases_.stage().Need({{&spec_.event}, {}});
    if (!cases_.stage().problem().empty()) return;
    if (spec_.up && !spec_.down) AddUp();
    if (spec_.down) AddDown();
  }

 private:
  ProbeEvents Before(int reference) const {
    return ProbeEvents{At(event_, kZero)} +
           Times(event_, reference, spec_.reference);
  }
  bool IsUp(int current, int reference) const {
    return Scaled(current) >= spec_.factor * Unscaled(reference) &&
           current >= spec_.min_current;
  }
  bool IsDown(int current, int reference) const {
    return Scaled(current) * spec_.factor <= Unscaled(reference);
  }
  // Brought to equal length without a division.
  double Scaled(int current) const {
    return current * static_cast<double>(spec_.reference.count());
  }
  double Unscaled(int reference) const {
    return reference * static_cast<double>(spec_.within.count());
  }
  std::string Says(int current, int reference) const {
    return fmt::format("{} in {} after {} in {}", Counted(current, event_),
                       ReadableDuration(spec_.within), reference,
                       ReadableDuration(spec_.reference));
  }

  int Least(int reference) const {
    int current = 1;
    while (current < kMostEvents && !IsUp(current, reference)) ++current;
    return current;
  }

  void AddUp() {
    // Enough before that the factor counts, not only `min_current`.
    int many = spec_.min_reference;
    while (many < kMostEvents && Least(many) == spec_.min_current &&
           IsUp(spec_.min_current, many + 1)) {
      ++many;
    }
    for (const int reference : {spec_.min_reference, many}) {
      const int current = Least(reference);
      if (current == kMostEvents) {
        cases_.stage().Complain("too many events are needed for a spike");
        return;
      }
      AddUpAt(current, reference);
      if (reference == many) break;
    }
  }

  void AddUpAt(int current, int reference) {
    ProbeScript script;
    script.says = Says(current, reference);
    script.events = Before(reference) + Times(event_, current, watched_);
    if (spec_.hold) script.due = watched_ + *spec_.hold;
    if (current > 1 && spec_.within > kTick) {
      script.late = ProbeScript::Late::kCounts;
    }
    const auto clock = script.due;
    cases_.AddScript(script);
    if (current > 1) {
      cases_.Add(Says(current - 1, reference) + ": not enough",
                 Before(reference) + Times(event_, current - 1, watched_), {},
                 clock);
    }
    if (reference == spec_.min_reference) {
      cases_.Add(Says(current, reference - 1) + ": too few before",
                 Before(reference - 1) + Times(event_, current, watched_), {},
                 clock);
    }
    ProbeEvents early = script.events;
    early.front().at += kTick;
    cases_.Add(script.says + ", a millisecond too early to tell", early, {},
               clock);
  }

  void AddDown() {
    const int reference = std::max(spec_.min_reference, LeastForDown());
    int current = 0;
    while (current < kMostEvents && IsDown(current + 1, reference)) ++current;
    ProbeScript script;
    script.says = Says(0, spec_.min_reference);
    script.events = Before(spec_.min_reference);
    script.due = watched_ + spec_.hold.value_or(kZero);
    cases_.AddScript(script);
    cases_.Add(Says(0, spec_.min_reference - 1) + ": too few before",
               Before(spec_.min_reference - 1), {}, script.due);
    // These are still in the window when the others leave it.
    const Duration recent = spec_.reference + spec_.within / 2;
    if (recent == spec_.reference || spec_.up) return;
    if (current > 0) {
      cases_.Add(Says(current, reference) + ": few enough",
                 Before(reference) + Times(event_, current, recent),
                 {*script.due}, script.due);
    }
    ProbeEvents many = Before(reference) + Times(event_, current + 1, recent);
    cases_.Add(Says(current + 1, reference) + ": not few enough", many, {},
               watched_);
    if (current == 0 || recent - kTick <= spec_.reference) return;
    many.back().at -= kTick;
    const bool counts = cases_.CountsLate();
    cases_.Add(fmt::format("{}, the last one a millisecond late ({})",
                           Says(current + 1, reference),
                           counts ? "it counts" : "it is passed over"),
               many, counts || spec_.hold ? Instants() : Instants{watched_},
               watched_);
  }

  // So many that one event now and then is few.
  int LeastForDown() const {
    int reference = 1;
    while (reference < kMostEvents && !IsDown(1, reference)) ++reference;
    return reference == kMostEvents ? 1 : reference;
  }

  const SpikeSpec& spec_;
  ProbeCases& cases_;
  const Duration watched_;
  ProbeEvent event_;
};

class ScoreProbe {
 public:
  ScoreProbe(const ScoreSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases) {}

  void Add() {
    for (const auto& signal : spec_.signals) AddSignal(signal);
    if (done_ == 0) {
      cases_.stage().Complain(
          "no event was found that meets the conditions of a signal");
    }
  }

 private:
  // What an event adds: of all signals that match it.
  double WeightOf(const ProbeEvent& event) const {
    double weight = 0;
    for (const auto& signal : spec_.signals) {
      if (cases_.stage().Matches(signal.event, event)) weight += signal.weight;
    }
    return weight;
  }

  void AddSignal(const ScoreSpec::Signal& signal) {
    const auto event = cases_.stage().Make({{&signal.event}, {}});
    if (!event) return;
    const double weight = WeightOf(*event);
    int count = 0;
    double sum = 0;
    while (sum < spec_.gte && count < kMostEvents) {
      sum += weight;
      ++count;
    }
    if (count == kMostEvents) return;
    ++done_;
    ProbeScript script;
    script.says = fmt::format("{}, {} each", Counted(count, *event), weight);
    script.events = Times(*event, count, kZero);
    cases_.AddScript(script);
    AddAround(*event, count, weight);
  }

  void AddAround(const ProbeEvent& event, int count, double weight) {
    if (count > 1) {
      cases_.Add(
          fmt::format("{}, {} each: the sum is {}", Counted(count - 1, event),
                      weight, weight * (count - 1)),
          Times(event, count - 1, kZero), {});
    }
    const std::string half = ReadableDuration(spec_.half_life);
    const double later = weight * (count - 1) / 2 + weight;
    const bool enough = later >= spec_.gte;
    if (count > 1) {
      cases_.Add(fmt::format("{}, and another one {} later: the sum is {}",
                             Counted(count - 1, event), half, later),
                 Times(event, count - 1, kZero) +
                     ProbeEvents{At(event, spec_.half_life)},
                 enough ? Instants{spec_.half_life} : Instants());
    }
    if (count > 1) AddLate(event, count, weight);
    // After twenty half-lives nothing is left.
    const Duration gone = spec_.half_life * 21;
    cases_.Add(fmt::format("{}, and once it has faded, {} later, again",
                           Counted(count, event), ReadableDuration(gone)),
               Times(event, count, kZero) + Times(event, count, gone),
               {kZero, gone});
  }

  void AddLate(const ProbeEvent& event, int count, double weight) {
    const double sum = weight * (count - 1) + weight / 2;
    const bool counts = cases_.CountsLate();
    cases_.Add(fmt::format("{}, and another one {} late ({})",
                           Counted(count - 1, event),
                           ReadableDuration(spec_.half_life),
                           counts ? fmt::format("half of it is left: {}", sum)
                                  : "it is passed over"),
               Times(event, count - 1, kZero) +
                   ProbeEvents{At(event, -spec_.half_life)},
               counts && sum >= spec_.gte ? Instants{kZero} : Instants());
  }

  const ScoreSpec& spec_;
  ProbeCases& cases_;
  int done_ = 0;
};

}  // namespace

void ProbeSpike(const SpikeSpec& spec, ProbeCases* cases) {
  SpikeProbe(spec, cases).Add();
}

void ProbeScore(const ScoreSpec& spec, ProbeCases* cases) {
  ScoreProbe(spec, cases).Add();
}

}  // namespace premura
