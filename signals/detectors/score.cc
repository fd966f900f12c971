// SPDX-License-Identifier: Apache-2.0
// score: weighted signs of trouble add up, and fade by half each half-life. The
// sum outlives a detection.

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

 private:
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
    own->sum = own->at <= edge ? 0 : own->sum * Left(now - own->at);
    own->at = now;
    DropUpTo(edge, &own->told);
    if (own->sum < spec_.reset_below) own->armed = true;
  }

  const ScoreSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewScore(const ScoreSpec& spec) {
  return std::make_unique<Score>(spec);
}

}  // namespace premura
