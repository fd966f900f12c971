// SPDX-License-Identifier: Apache-2.0
// aggregate: a figure over the numbers in a window crosses a bound. Whether it
// was beyond the bound when last looked at outlives a detection.

#include <algorithm>
#include <numeric>
#include <utility>

#include "signals/detectors/hold.h"

namespace premura {

namespace {

using Fn = AggregateSpec::Fn;

struct Numbered {
  Seen event;
  double number = 0;

  static auto Fields(auto& own) { return std::tie(own.event, own.number); }
};

struct AggregateState : State {
  std::vector<Numbered> window;  // In order of time, then arrival.
  HoldState hold;

  static auto Fields(auto& own) { return std::tie(own.window, own.hold); }
};

// Nearest rank: the least number that so many per cent are not above.
double Percentile(std::size_t percent, std::vector<double> numbers) {
  const std::size_t rank = (percent * numbers.size() + 99) / 100;
  const auto nth = numbers.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::nth_element(numbers.begin(), nth, numbers.end());
  return *nth;
}

// REQUIRES: there are some.
double Figure(Fn fn, const std::vector<double>& numbers) {
  // In order of time, so that the same events always give the same sum.
  const auto sum = [&] {
    return std::accumulate(numbers.begin(), numbers.end(), 0.0);
  };
  switch (fn) {
    case Fn::kSum:
      return sum();
    case Fn::kAvg:
      return sum() / static_cast<double>(numbers.size());
    case Fn::kMin:
      return *std::min_element(numbers.begin(), numbers.end());
    case Fn::kMax:
      return *std::max_element(numbers.begin(), numbers.end());
    case Fn::kP50:
      return Percentile(50, numbers);
    case Fn::kP95:
      return Percentile(95, numbers);
    case Fn::kP99:
      return Percentile(99, numbers);
  }
  return 0;
}

class Aggregate final : public DetectorOf<AggregateState> {
 public:
  explicit Aggregate(const AggregateSpec& spec)
      : spec_(spec), hold_(spec.hold) {}

  std::vector<Watch> Watches() const override { return {{&spec_.event}}; }
  bool Sees(const Sight& sight, const State*) const override {
    return sight.facts.Get(spec_.field).is_number();
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    const Timestamp edge = Earlier(sight.newest, spec_.within);
    if (sight.time() <= edge) {
      ++sight.counts.late;
      return std::nullopt;
    }
    AggregateState& own = Obtain(state);
    Drop(edge, &own);
    Insert(sight, &own);
    if (own.window.size() > kMostKept) {
      own.window.erase(own.window.begin());
      ++sight.counts.windows_cut;
    }
    if (own.window.size() < static_cast<std::size_t>(spec_.min_events)) {
      return std::nullopt;
    }
    const bool holds = spec_.bound.Holds(Figure(spec_.fn, NumbersOf(own)));
    const bool fires = hold_.Look(holds, sight.time(), &own.hold);
    own.due = own.hold.due;
    if (!fires) return std::nullopt;
    return Found(own.window.back().event.time, &own);
  }

  std::optional<Finding> Fire(State* state) const override {
    AggregateState& own = As(state);
    Drop(Earlier(own.due, spec_.within), &own);
    return Found(own.due, &own);
  }

  void Reset(State*& state, Timestamp) const override {
    if (state == nullptr) return;
    As(state).window.clear();
    As(state).hold = {};
    state->due = kNever;
  }
  Duration Memory() const override { return spec_.within; }
  bool Forget(State* state) const override {
    As(state).window = {};
    return !As(state).hold.holds;
  }
  Standing Explain(const State* state, Timestamp now) const override;

 private:
  bool Restore(AggregateState* own) const override {
    return AreInOrder(own->window, [](const Numbered& one) -> const Seen& {
      return one.event;
    });
  }
  void TellCrossing(Standing* standing) const;
  void Insert(const Sight& sight, AggregateState* own) const {
    const auto place =
        std::upper_bound(own->window.begin(), own->window.end(), sight.time(),
                         [](Timestamp time, const Numbered& one) {
                           return time < one.event.time;
                         });
    own->window.insert(place, {{sight.time(), sight.Keep()},
                               sight.facts.Get(spec_.field).number()});
  }

  static std::vector<double> NumbersOf(const AggregateState& own) {
    std::vector<double> numbers;
    numbers.reserve(own.window.size());
    for (const Numbered& one : own.window) numbers.push_back(one.number);
    return numbers;
  }

  static void Drop(Timestamp edge, AggregateState* own) {
    auto end = own->window.begin();
    while (end != own->window.end() && end->event.time <= edge) ++end;
    own->window.erase(own->window.begin(), end);
  }

  static Finding Found(Timestamp at, AggregateState* own) {
    Finding finding{at, {}};
    for (Numbered& one : std::exchange(own->window, {})) {
      finding.evidence.push_back(std::move(one.event));
    }
    own->hold.due = own->due = kNever;
    return finding;
  }

  const AggregateSpec& spec_;
  const Hold hold_;
};

Standing Aggregate::Explain(const State* state, Timestamp now) const {
  Standing standing;
  standing.measure = Standing::Measure::kFigure;
  standing.need = spec_.bound.limit;
  standing.min_events = spec_.min_events;
  standing.awaits = {&spec_.event};
  AggregateState own;
  if (state != nullptr) {
    own = As(state);
    Drop(Earlier(now, spec_.within), &own);
  }
  standing.events = static_cast<int>(own.window.size());
  if (!own.window.empty()) {
    standing.phase = Standing::Phase::kUnderWay;
    standing.have = Figure(spec_.fn, NumbersOf(own));
    standing.until = Later(own.window.front().event.time, spec_.within);
  }
  hold_.Tell(own.hold, &standing);
  const bool looked_at = standing.events + 1 >= spec_.min_events;
  if (looked_at && !own.hold.holds && !spec_.hold) TellCrossing(&standing);
  return standing;
}

// Which number takes the figure over the bound: any; or one that is beyond a
// bound of its own; nothing is said where that takes more than one.
void Aggregate::TellCrossing(Standing* standing) const {
  Bound bound = spec_.bound;
  const bool rises = bound.op == Bound::Op::kGt || bound.op == Bound::Op::kGte;
  const bool is_there = standing->events > 0 && bound.Holds(standing->have);
  const bool reaches = spec_.fn == (rises ? Fn::kMax : Fn::kMin);
  if (spec_.fn == Fn::kSum) {
    bound.limit -= standing->have;
    standing->number = bound;
  } else if (reaches && is_there) {
    standing->more = 1;
  } else if (standing->events == 0 || reaches) {
    standing->number = bound;
  } else if (is_there && spec_.fn == (rises ? Fn::kMin : Fn::kMax)) {
    standing->number = bound;
  }
}

}  // namespace

std::unique_ptr<Detector> NewAggregate(const AggregateSpec& spec) {
  return std::make_unique<Aggregate>(spec);
}

}  // namespace premura
