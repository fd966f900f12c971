// SPDX-License-Identifier: Apache-2.0
// score: weighted signs of trouble add up, and fade by half each half-life. The
// sum outlives a detection.

#include <algorithm>
#include <cmath>
#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

// After so many half-lives (a millionth is left) a signal counts for nothing.
constexpr int kHalfLives = 20;
// At most so many signals, the newest, are told as evidence.
constexpr std::size_t kMostTold = 50;

struct ScoreState : State {
  double sum = 0;
  Timestamp at = kUnseen;  // When it was so much.
  bool armed = true;
  SeenEvents told;  // Since the last detection.

  static auto Fields(auto& own) {
    return std::tie(own.sum, own.at, own.armed, own.told);
  }
};

class Score final : public DetectorOf<ScoreState> {
 public:
  explicit Score(const ScoreSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override {
    std::vector<Watch> watches;
    for (const ScoreSpec::Signal& signal : spec_.signals) {
      watches.push_back({&signal.event});
    }
    return watches;
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.time() <= Earlier(sight.newest, Memory())) {
      ++sight.counts.late;
      return std::nullopt;
    }
    ScoreState& own = Obtain(state);
    Fade(sight.newest, &own);
    own.sum += Weight(sight) * Left(sight.newest - sight.time());
    InsertInOrder(sight.Keep(), &own.told);
    if (own.told.size() > kMostTold) own.told.erase(own.told.begin());
    if (!own.armed || own.sum < spec_.gte) return std::nullopt;
    own.armed = false;
    const Timestamp at = own.told.back().time;
    return Finding{at, std::exchange(own.told, {})};
  }

  void Reset(State*& state, Timestamp) const override {
    if (state == nullptr) return;
    ScoreState& own = As(state);
    own.sum = 0;
    own.armed = true;
    own.told.clear();
  }
  Duration Memory() const override {
    return spec_.half_life > Duration::max() / kHalfLives
               ? Duration::max()
               : spec_.half_life * kHalfLives;
  }
  bool Forget(State*) const override { return true; }
  Standing Explain(const State* state, Timestamp now) const override;

 private:
  bool Restore(ScoreState* own) const override { return AreInOrder(own->told); }

  double Left(Duration age) const {
    return std::exp2(-static_cast<double>(age.count()) /
                     static_cast<double>(spec_.half_life.count()));
  }

  // All signals that match count.
  double Weight(const Sight& sight) const {
    double weight = 0;
    for (std::size_t i = 0; i < spec_.signals.size(); ++i) {
      if (sight.Is(i)) weight += spec_.signals[i].weight;
    }
    return weight;
  }

  void Fade(Timestamp now, ScoreState* own) const {
    const Timestamp edge = Earlier(now, Memory());
    own->sum = SumAt(now, *own);
    own->at = now;
    DropUpTo(edge, &own->told);
    if (own->sum < spec_.reset_below) own->armed = true;
  }

  double SumAt(Timestamp now, const ScoreState& own) const {
    return own.at <= Earlier(now, Memory()) ? 0 : own.sum * Left(now - own.at);
  }
  // The first instant after `now` at which so little, or less, is left of the
  // sum that `is_little` holds.
  template <typename Test>
  Timestamp WhenFaded(Timestamp now, const ScoreState& own,
                      const Test& is_little) const {
    Timestamp little = Later(own.at, Memory());
    while (little - now > Duration(1)) {
      const Timestamp middle = now + (little - now) / 2;
      (is_little(SumAt(middle, own)) ? little : now) = middle;
    }
    return little;
  }

  const ScoreSpec& spec_;
};

Standing Score::Explain(const State* state, Timestamp now) const {
  Standing standing;
  standing.measure = Standing::Measure::kScore;
  standing.need = spec_.gte;
  ScoreState own;
  if (state != nullptr) own = As(state);
  standing.have = SumAt(now, own);
  if (standing.have > 0) standing.phase = Standing::Phase::kUnderWay;
  if (!own.armed && standing.have >= spec_.reset_below) {
    standing.phase = Standing::Phase::kSpent;
    standing.from = WhenFaded(
        now, own, [&](double sum) { return sum < spec_.reset_below; });
    return standing;
  }
  const auto heaviest = std::max_element(
      spec_.signals.begin(), spec_.signals.end(),
      [](const auto& a, const auto& b) { return a.weight < b.weight; });
  const double weight = heaviest->weight;
  if (standing.have + weight < spec_.gte) {
    for (const auto& one : spec_.signals) standing.awaits.push_back(&one.event);
    return standing;
  }
  standing.awaits = {&heaviest->event};
  standing.more = 1;
  if (weight < spec_.gte) {
    standing.until = WhenFaded(
        now, own, [&](double sum) { return sum + weight < spec_.gte; });
  }
  return standing;
}

}  // namespace

std::unique_ptr<Detector> NewScore(const ScoreSpec& spec) {
  return std::make_unique<Score>(spec);
}

}  // namespace premura
