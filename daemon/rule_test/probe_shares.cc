// SPDX-License-Identifier: Apache-2.0
// Probes of ratio and aggregate: just at the bound, and just beyond.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "daemon/rule_test/probe_cases.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

// The bound holds with the script's last event, and again not after `stops`.
void AddHold(const ProbeScript& plain, Duration hold, const ProbeEvents& stops,
             const std::string& what, ProbeCases* cases) {
  ProbeScript script = plain;
  script.due = hold;
  cases->AddScript(script);
  if (stops.empty()) return;
  cases->Add(fmt::format("{}, then {} before {} have passed", plain.says, what,
                         ReadableDuration(hold)),
             plain.events + AllAt(stops, kTick), {}, hold);
}

bool IsAbove(Bound::Op op) {
  return op == Bound::Op::kGt || op == Bound::Op::kGte;
}

// How many hits among `total` are just inside. Bounds that always or never hold
// are no rule.
int HitsInside(const Bound& bound, int total) {
  for (int i = 0; i <= total; ++i) {
    const int hits = IsAbove(bound.op) ? i : total - i;
    if (bound.Holds(static_cast<double>(hits) / total)) return hits;
  }
  return 0;
}

class RatioProbe {
 public:
  RatioProbe(const RatioSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases), total_(spec.min_denominator) {}

  void Add() {
    ProbeStage& stage = cases_.stage();
    hit_ = stage.Need({{&spec_.over, &spec_.of}, {}});
    miss_ = stage.Need({{&spec_.over}, {&spec_.of}});
    if (!stage.problem().empty()) return;
    const int inside = HitsInside(spec_.bound, total_);
    AddInside(inside);
    AddOutside(inside);
    if (!spec_.hold && total_ > 1) AddWindow(inside);
  }

 private:
  static constexpr int kMost = 2000;

  // What pulls the share towards the bound comes last, so that it holds with
  // the last event and not before.
  ProbeEvents Events(int hits) const {
    const ProbeEvents in = Times(hit_, hits, kZero);
    const ProbeEvents out = Times(miss_, total_ - hits, kZero);
    return IsAbove(spec_.bound.op) ? out + in : in + out;
  }
  std::string Says(int hits, int total) const {
    return fmt::format("{} of {} events are {}, the others {}", hits, total,
                       Describe(hit_), Describe(miss_));
  }

  void AddInside(int hits) {
    ProbeScript script;
    script.says = Says(hits, total_);
    script.events = Events(hits);
    if (spec_.within > kTick) script.late = ProbeScript::Late::kCounts;
    script.one_is_enough = total_ == 1 && !spec_.hold;
    if (!spec_.hold) {
      cases_.AddScript(script);
      return;
    }
    const int pulls = Needed(hits);
    const ProbeEvent& other = IsAbove(spec_.bound.op) ? miss_ : hit_;
    AddHold(script, *spec_.hold, Times(other, pulls, kZero),
            Counted(pulls, other), &cases_);
  }

  // Events of the other sort after which the bound no longer holds.
  int Needed(int hits) const {
    for (int more = 1; more < kMost; ++more) {
      const int in = IsAbove(spec_.bound.op) ? hits : hits + more;
      if (!spec_.bound.Holds(static_cast<double>(in) / (total_ + more))) {
        return more;
      }
    }
    return 0;
  }

  void AddOutside(int hits) {
    const int outside = IsAbove(spec_.bound.op) ? hits - 1 : hits + 1;
    if (outside >= 0 && outside <= total_) {
      cases_.Add(Says(outside, total_) + ": not enough", Events(outside), {},
                 spec_.hold);
    }
    if (total_ < 2) return;
    ProbeEvents fewer = Events(hits);
    fewer.erase(fewer.begin());
    cases_.Add(fmt::format("the same with {} events, one too few to look at",
                           total_ - 1),
               fewer, {}, spec_.hold);
  }

  void AddWindow(int hits) {
    ProbeEvents events = AllAt(Events(hits), spec_.within - kTick);
    events.front().at = kZero;
    const std::string span = ReadableDuration(spec_.within);
    const std::string says = Says(hits, total_);
    cases_.Add(fmt::format("{}, the first a millisecond less than {} before "
                           "the last",
                           says, span),
               events, {spec_.within - kTick});
    events = AllAt(events, spec_.within);
    events.front().at = kZero;
    cases_.Add(
        fmt::format("{}, the first exactly {} before the last", says, span),
        events, {});
  }

  const RatioSpec& spec_;
  ProbeCases& cases_;
  ProbeEvent hit_;
  ProbeEvent miss_;
  const int total_;
};

// Nearest rank.
double Percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(
      std::ceil(share * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

double Of(AggregateSpec::Fn fn, const std::vector<double>& values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  switch (fn) {
    case AggregateSpec::Fn::kSum:
      return sum;
    case AggregateSpec::Fn::kAvg:
      return sum / static_cast<double>(values.size());
    case AggregateSpec::Fn::kMin:
      return *std::min_element(values.begin(), values.end());
    case AggregateSpec::Fn::kMax:
      return *std::max_element(values.begin(), values.end());
    case AggregateSpec::Fn::kP50:
      return Percentile(values, 0.5);
    case AggregateSpec::Fn::kP95:
      return Percentile(values, 0.95);
    case AggregateSpec::Fn::kP99:
      return Percentile(values, 0.99);
  }
  return sum;
}

// The number on that side of `limit`: at a distance to be seen, or, where that
// is lost, the nearest.
double Beside(double limit, bool above) {
  const double step = std::trunc(limit) == limit ? 1 : 0.001;
  const double near = above ? limit + step : limit - step;
  if (near != limit) return near;
  const double infinity = std::numeric_limits<double>::infinity();
  return std::nextafter(limit, above ? infinity : -infinity);
}

class AggregateProbe {
 public:
  AggregateProbe(const AggregateSpec& spec, ProbeCases* cases)
      : spec_(spec), cases_(*cases), count_(spec.min_events) {}

  void Add() {
    const double limit = spec_.bound.limit;
    const bool equal =
        spec_.bound.op == Bound::Op::kGte || spec_.bound.op == Bound::Op::kLte;
    const double beyond = Beside(limit, IsAbove(spec_.bound.op));
    const double short_of = Beside(limit, !IsAbove(spec_.bound.op));
    auto inside = Make(equal ? limit : beyond);
    if (!inside || !Holds(*inside)) inside = Make(beyond);
    outside_ = Make(equal ? short_of : limit);
    if (outside_ && Holds(*outside_)) outside_ = Make(short_of);
    if (outside_ && Holds(*outside_)) outside_.reset();
    if (!inside || !Holds(*inside)) {
      cases_.stage().Complain(
          "no event was found whose number lies beyond the bound");
      return;
    }
    AddInside(*inside);
    if (outside_) AddOutside(*inside, *outside_);
    if (!spec_.hold && count_ > 1) AddWindow(*inside);
  }

 private:
  // So many of them give this value.
  std::optional<ProbeEvent> Make(double value) {
    if (spec_.fn == AggregateSpec::Fn::kSum) value /= count_;
    if (!std::isfinite(value)) return std::nullopt;
    ProbeStage::Wish wish{{&spec_.event}, {}};
    wish.known.Set(spec_.field, Made::Number(value));
    return cases_.stage().Make(wish);
  }
  bool Holds(const ProbeEvent& event) const {
    const std::vector<double> values(static_cast<std::size_t>(count_),
                                     NumberOf(event));
    return spec_.bound.Holds(Of(spec_.fn, values));
  }
  double NumberOf(const ProbeEvent& event) const {
    return event.facts.Get(spec_.field).number();
  }
  ProbeEvents All(const ProbeEvent& event, Duration at) const {
    return Times(event, count_, at);
  }

  void AddInside(const ProbeEvent& inside) {
    ProbeScript script;
    script.says = Counted(count_, inside);
    script.events = All(inside, kZero);
    if (spec_.within > kTick) script.late = ProbeScript::Late::kCounts;
    if (spec_.hold) {
      const int more = Needed(inside);
      AddHold(script, *spec_.hold,
              outside_ ? Times(*outside_, more, kZero) : ProbeEvents(),
              outside_ ? Counted(more, *outside_) : "", &cases_);
    } else {
      cases_.AddScript(script);
    }
    if (count_ < 2) return;
    ProbeEvents fewer = script.events;
    fewer.pop_back();
    cases_.Add(Counted(count_ - 1, inside) + ": too few to look at", fewer, {},
               spec_.hold);
  }

  // How many `outside_` it takes until the bound no longer holds; 0: no number
  // does.
  int Needed(const ProbeEvent& inside) const {
    constexpr int kMost = 2000;
    if (!outside_) return 0;
    std::vector<double> values(static_cast<std::size_t>(count_),
                               NumberOf(inside));
    for (int more = 1; more < kMost; ++more) {
      values.push_back(NumberOf(*outside_));
      if (!spec_.bound.Holds(Of(spec_.fn, values))) return more;
    }
    return 0;
  }

  void AddOutside(const ProbeEvent& inside, const ProbeEvent& outside) {
    cases_.Add(Counted(count_, outside) + ": not beyond the bound",
               All(outside, kZero), {}, spec_.hold);
    if (spec_.hold) return;
    const Duration next = spec_.within, last = spec_.within * 2;
    cases_.Add(fmt::format("{}, and {} later the same again: still beyond",
                           Counted(count_, inside), ReadableDuration(next)),
               All(inside, kZero) + All(inside, next), {kZero});
    cases_.Add(fmt::format("{}, then {}, then the first again, {} apart",
                           Counted(count_, inside), Counted(count_, outside),
                           ReadableDuration(next)),
               All(inside, kZero) + All(outside, next) + All(inside, last),
               {kZero, last});
    if (count_ == 1 && spec_.within > kTick) AddLateOutside(inside, outside);
  }

  // What the late one shows makes room for another detection.
  void AddLateOutside(const ProbeEvent& inside, const ProbeEvent& outside) {
    const bool counts = cases_.CountsLate();
    const bool again =
        spec_.bound.Holds(Of(spec_.fn, {NumberOf(outside), NumberOf(inside)}));
    Instants expected = {kZero};
    if (counts && again) expected.push_back(kZero);
    cases_.Add(fmt::format("{}, then {} a millisecond late ({}), then the "
                           "first again",
                           Describe(inside), Describe(outside),
                           counts ? "it counts" : "it is passed over"),
               {inside, At(outside, -kTick), inside}, expected);
  }

  void AddWindow(const ProbeEvent& inside) {
    const std::string span = ReadableDuration(spec_.within);
    for (const Duration at : {spec_.within - kTick, spec_.within}) {
      ProbeEvents events = All(inside, at);
      events.front().at = kZero;
      const bool in = at < spec_.within;
      cases_.Add(fmt::format("{}, the first {} {} before the last",
                             Counted(count_, inside),
                             in ? "a millisecond less than" : "exactly", span),
                 events, in ? Instants{at} : Instants());
    }
  }

  const AggregateSpec& spec_;
  ProbeCases& cases_;
  const int count_;
  std::optional<ProbeEvent> outside_;
};

}  // namespace

void ProbeRatio(const RatioSpec& spec, ProbeCases* cases) {
  RatioProbe(spec, cases).Add();
}

void ProbeAggregate(const AggregateSpec& spec, ProbeCases* cases) {
  AggregateProbe(spec, cases).Add();
}

}  // namespace premura
