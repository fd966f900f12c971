// SPDX-License-Identifier: Apache-2.0
// ratio: the share of some events among others in a window.

#include <algorithm>
#include <utility>

#include "signals/detectors/hold.h"

namespace premura {

namespace {

struct RatioState : State {
  SeenEvents over;
  SeenEvents of;  // Those of `over` that are chosen.
  HoldState hold;

  static auto Fields(auto& own) { return std::tie(own.over, own.of, own.hold); }
};

class Ratio final : public DetectorOf<RatioState> {
 public:
  explicit Ratio(const RatioSpec& spec) : spec_(spec), hold_(spec.hold) {}

  std::vector<Watch> Watches() const override {
    return {{&spec_.over}, {&spec_.of}};
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (!sight.Is(kOver)) return std::nullopt;
    const Timestamp edge = Earlier(sight.newest, spec_.within);
    if (sight.time() <= edge) {
      ++sight.counts.late;
      return std::nullopt;
    }
    RatioState& own = Obtain(state);
    Drop(edge, &own);
    InsertInOrder(sight.Keep(), &own.over);
    if (sight.Is(kOf)) InsertInOrder(sight.Keep(), &own.of);
    if (own.over.size() > kMostKept) Cut(sight, &own);
    if (own.over.size() < static_cast<std::size_t>(spec_.min_denominator)) {
      return std::nullopt;
    }
    const bool fires =
        hold_.Look(spec_.bound.Holds(Share(own)), sight.time(), &own.hold);
    own.due = own.hold.due;
    if (!fires) return std::nullopt;
    return Found(own.over.back().time, &own);
  }

  std::optional<Finding> Fire(State* state) const override {
    RatioState& own = As(state);
    Drop(Earlier(own.due, spec_.within), &own);
    return Found(own.due, &own);
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) Clear(&As(state));
  }
  Duration Memory() const override { return spec_.within; }
  bool Forget(State*) const override { return true; }
  Standing Explain(const State* state, Timestamp now) const override;

 private:
  bool Restore(RatioState* own) const override {
    return AreInOrder(own->over) && AreInOrder(own->of);
  }
  int Enough(double chosen, const Standing& standing) const;
  static double Share(const RatioState& own) {
    return static_cast<double>(own.of.size()) /
           static_cast<double>(own.over.size());
  }
  static void Drop(Timestamp edge, RatioState* own) {
    DropUpTo(edge, &own->over);
    DropUpTo(edge, &own->of);
  }
  static void Cut(const Sight& sight, RatioState* own) {
    ++sight.counts.windows_cut;
    if (!own->of.empty() && own->of.front().event->arrival() ==
                                own->over.front().event->arrival()) {
      own->of.erase(own->of.begin());
    }
    own->over.erase(own->over.begin());
  }
  static void Clear(RatioState* own) {
    own->over.clear();
    own->of.clear();
    own->hold = {};
    own->due = kNever;
  }
  static Finding Found(Timestamp at, RatioState* own) {
    Finding finding{at, std::exchange(own->over, {})};
    Clear(own);
    return finding;
  }

  static constexpr std::size_t kOver = 0;  // Of Watches().
  static constexpr std::size_t kOf = 1;
  const RatioSpec& spec_;
  const Hold hold_;
};

// The share rises by one more of `of`, falls by one that is none.
Standing Ratio::Explain(const State* state, Timestamp now) const {
  Standing standing;
  standing.measure = Standing::Measure::kShare;
  standing.need = spec_.bound.limit;
  standing.min_events = spec_.min_denominator;
  const bool rises =
      spec_.bound.op == Bound::Op::kGt || spec_.bound.op == Bound::Op::kGte;
  standing.awaits = {rises ? &spec_.of : &spec_.over};
  if (!rises) standing.against = {&spec_.of};
  HoldState hold;
  if (state != nullptr) {
    const auto in_window = [edge = Earlier(now, spec_.within)](
                               const Seen& one) { return one.time > edge; };
    const RatioState& own = As(state);
    const auto first =
        std::find_if(own.over.begin(), own.over.end(), in_window);
    standing.events = static_cast<int>(own.over.end() - first);
    standing.have = static_cast<double>(
        std::count_if(own.of.begin(), own.of.end(), in_window));
    if (first != own.over.end()) {
      standing.until = Later(first->time, spec_.within);
      standing.phase = Standing::Phase::kUnderWay;
    }
    hold = own.hold;
  }
  standing.total = standing.events;
  hold_.Tell(hold, &standing);
  if (!standing.hold) standing.more = Enough(rises ? 1 : 0, standing);
  return standing;
}

// So many more, one after the other, until the bound holds; 0: never.
int Ratio::Enough(double chosen, const Standing& standing) const {
  for (int more = 1; more <= static_cast<int>(kMostKept) - standing.events;
       ++more) {
    if (standing.events + more < spec_.min_denominator) continue;
    const double of = standing.have + more * chosen;
    if (spec_.bound.Holds(of / (standing.total + more))) return more;
  }
  return 0;
}

}  // namespace

std::unique_ptr<Detector> NewRatio(const RatioSpec& spec) {
  return std::make_unique<Ratio>(spec);
}

}  // namespace premura
