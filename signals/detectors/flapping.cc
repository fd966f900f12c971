// SPDX-License-Identifier: Apache-2.0
// flapping: so many changes between states in a window. The last state stays
// whatever happens; a repeat of it, and the first one seen, is no change.

#include <string>
#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

struct FlappingState : State {
  std::string last;  // Identity of the last state; empty: none seen yet.
  SeenEvents flips;  // In the window, fewer than the bound.

  static auto Fields(auto& own) { return std::tie(own.last, own.flips); }
};

class Flapping final : public DetectorOf<FlappingState> {
 public:
  explicit Flapping(const FlappingSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override {
    if (spec_.field) return {{&spec_.event}};
    return {{&spec_.turned_on}, {&spec_.turned_off}};
  }
  bool Sees(const Sight& sight, const State*) const override {
    return !spec_.field || sight.facts.Get(*spec_.field).present();
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.late()) {
      ++sight.counts.late;
      return std::nullopt;
    }
    FlappingState& own = Obtain(state);
    DropUpTo(Earlier(sight.newest, spec_.within), &own.flips);
    std::string now = StateAfter(sight);
    if (now == own.last) return std::nullopt;
    const bool flip = !own.last.empty();
    own.last = std::move(now);
    if (!flip) return std::nullopt;
    own.flips.push_back({sight.time(), sight.Keep()});
    if (own.flips.size() < static_cast<std::size_t>(spec_.flips)) {
      return std::nullopt;
    }
    return Finding{sight.time(), std::exchange(own.flips, {})};
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) As(state).flips.clear();
  }
  Duration Memory() const override { return spec_.within; }
  bool Forget(State* state) const override {
    As(state).flips = {};
    return As(state).last.empty();
  }

  Standing Explain(const State* state, Timestamp now) const override {
    Standing standing;
    standing.measure = Standing::Measure::kFlips;
    standing.need = standing.more = spec_.flips;
    for (const Watch& watch : Watches())
      standing.awaits.push_back(watch.pattern);
    if (state == nullptr || As(state).last.empty()) {
      ++standing.more;  // The first state seen is no flip.
      return standing;
    }
    standing.phase = Standing::Phase::kUnderWay;
    for (const Seen& flip : As(state).flips) {
      if (flip.time <= Earlier(now, spec_.within)) continue;
      if (standing.have == 0) standing.until = Later(flip.time, spec_.within);
      ++standing.have;
      --standing.more;
    }
    return standing;
  }

 private:
  bool Restore(FlappingState* own) const override {
    return AreInOrder(own->flips);
  }
  std::string StateAfter(const Sight& sight) const {
    if (!spec_.field) return sight.Is(kOn) ? "on" : "off";
    std::string now;
    AppendIdentity(sight.facts.Get(*spec_.field), &now);
    return now;
  }

  static constexpr std::size_t kOn = 0;  // Of Watches().
  const FlappingSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewFlapping(const FlappingSpec& spec) {
  return std::make_unique<Flapping>(spec);
}

}  // namespace premura
