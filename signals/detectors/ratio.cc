// SPDX-License-Identifier: Apache-2.0
// ratio: the share of some events among others in a window.

#include <utility>

#include "signals/detectors/hold.h"

namespace premura {

namespace {

struct RatioState : State {
  SeenEvents over;
  SeenEvents of;  // Those of `over` that are chosen.
  HoldState hold;
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

 private:
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

}  // namespace

std::unique_ptr<Detector> NewRatio(const RatioSpec& spec) {
  return std::make_unique<Ratio>(spec);
}

}  // namespace premura
