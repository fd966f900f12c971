// SPDX-License-Identifier: Apache-2.0
// spike: many more events, or many fewer, than in the time before. Evidence is
// what lies in the current window.

#include <algorithm>
#include <utility>

#include "signals/detectors/hold.h"

namespace premura {

namespace {

struct SpikeState : State {
  // The first event, the last detection or `unless`: nothing is decided until
  // both windows have passed since then.
  Timestamp since{};
  SeenEvents current;
  std::vector<Timestamp> reference;  // The window before it.
  Timestamp leaving = kNever;  // When one next leaves `current`; for `down`.
  HoldState hold;
};

class Spike final : public DetectorOf<SpikeState> {
 public:
  explicit Spike(const SpikeSpec& spec) : spec_(spec), hold_(spec.hold) {}

  std::vector<Watch> Watches() const override { return {{&spec_.event}}; }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.time() <= Earlier(sight.newest, Memory())) {
      ++sight.counts.late;
      return std::nullopt;
    }
    const bool first = state == nullptr;
    SpikeState& own = Obtain(state);
    if (first) own.since = sight.time();
    Slide(sight.newest, &own);
    Insert(sight, &own);
    if (LookAtEvent(sight, &own)) return Found(own.current.back().time, &own);
    SetTimer(&own);
    return std::nullopt;
  }

  std::optional<Finding> Fire(State* state) const override {
    SpikeState& own = As(state);
    const Timestamp now = own.due;
    Slide(now, &own);
    bool fires = own.leaving == now && IsDecided(now, own) &&
                 hold_.Look(IsFew(own), now, &own.hold);
    fires = fires || own.hold.due == now;
    if (fires) return Found(now, &own);
    SetTimer(&own);
    return std::nullopt;
  }

  void Reset(State*& state, Timestamp at) const override {
    if (state != nullptr) Clear(at, &As(state));
  }
  Duration Memory() const override {
    return spec_.within > Duration::max() - spec_.reference
               ? Duration::max()
               : spec_.within + spec_.reference;
  }
  bool Forget(State* state) const override {
    As(state).current = {};
    As(state).reference = {};
    return false;  // It knows since when it has been watching.
  }

 private:
  // Moves on what is too old for its window. Of the reference only times are
  // kept, and ten times as many.
  void Slide(Timestamp now, SpikeState* own) const {
    const Timestamp edge = Earlier(now, spec_.within);
    for (const Seen& one : own->current) {
      if (one.time <= edge) own->reference.push_back(one.time);
    }
    DropUpTo(edge, &own->current);
    const auto kept = std::upper_bound(
        own->reference.begin(), own->reference.end(), Earlier(now, Memory()));
    own->reference.erase(own->reference.begin(), kept);
    if (own->reference.size() > 10 * kMostKept) {
      own->reference.erase(
          own->reference.begin(),
          own->reference.end() - static_cast<std::ptrdiff_t>(10 * kMostKept));
    }
  }

  void Insert(const Sight& sight, SpikeState* own) const {
    if (sight.time() > Earlier(sight.newest, spec_.within)) {
      InsertInOrder(sight.Keep(), &own->current);
      if (own->current.size() > kMostKept) {
        own->current.erase(own->current.begin());
        ++sight.counts.windows_cut;
      }
      return;
    }
    const auto place = std::upper_bound(own->reference.begin(),
                                        own->reference.end(), sight.time());
    own->reference.insert(place, sight.time());
  }

  bool LookAtEvent(const Sight& sight, SpikeState* own) const {
    if (!IsDecided(sight.newest, *own)) return false;
    if (spec_.up && hold_.Look(IsMany(*own), sight.time(), &own->hold)) {
      return true;
    }
    if (!spec_.up && !IsFew(*own)) own->hold = {};
    return false;
  }

  bool IsDecided(Timestamp now, const SpikeState& own) const {
    return now >= Later(own.since, Memory()) &&
           own.reference.size() >=
               static_cast<std::size_t>(spec_.min_reference);
  }

  // Both windows scaled to one length, without a division to round.
  double Current(const SpikeState& own) const {
    return static_cast<double>(own.current.size()) *
           static_cast<double>(spec_.reference.count());
  }
  double Reference(const SpikeState& own) const {
    return static_cast<double>(own.reference.size()) *
           static_cast<double>(spec_.within.count());
  }
  bool IsMany(const SpikeState& own) const {
    return Current(own) >= spec_.factor * Reference(own) &&
           own.current.size() >= static_cast<std::size_t>(spec_.min_current);
  }
  bool IsFew(const SpikeState& own) const {
    return spec_.factor * Current(own) <= Reference(own);
  }

  // The next event to leave the current window, once anything is decided.
  void SetTimer(SpikeState* own) const {
    own->leaving = kNever;
    if (spec_.down) {
      const Timestamp decided =
          Earlier(Later(own->since, Memory()), spec_.within);
      const auto next = std::find_if(
          own->current.begin(), own->current.end(),
          [decided](const Seen& one) { return one.time >= decided; });
      if (next != own->current.end()) {
        own->leaving = Later(next->time, spec_.within);
      }
    }
    own->due = std::min(own->leaving, own->hold.due);
  }

  static void Clear(Timestamp at, SpikeState* own) {
    own->since = std::max(own->since, at);
    own->current.clear();
    own->reference.clear();
    own->hold = {};
    own->leaving = own->due = kNever;
  }
  static Finding Found(Timestamp at, SpikeState* own) {
    Finding finding{at, std::exchange(own->current, {})};
    Clear(at, own);
    return finding;
  }

  const SpikeSpec& spec_;
  const Hold hold_;
};

}  // namespace

std::unique_ptr<Detector> NewSpike(const SpikeSpec& spec) {
  return std::make_unique<Spike>(spec);
}

}  // namespace premura
