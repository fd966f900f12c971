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

  static auto Fields(auto& own) {
    return std::tie(own.since, own.current, own.reference, own.leaving,
                    own.hold);
  }
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
  Standing Explain(const State* state, Timestamp now) const override;

 private:
  bool Restore(SpikeState* own) const override {
    return AreInOrder(own->current) &&
           std::is_sorted(own->reference.begin(), own->reference.end());
  }
  int Enough(const SpikeState& own) const;
  HoldState FollowLeaving(const SpikeState& own) const;
  std::size_t CountReference(const SpikeState& own, std::size_t left,
                             Timestamp now) const;
  // Moves on what is too old for its window. Of the reference only times are
  // kept, and ten times as many.
  void Slide(Timestamp now, SpikeState* own) const {
    const Timestamp edge = Earlier(now, spec_.within);
    for (const Seen& one : own->current) {
      if (one.time > edge) break;
      own->reference.push_back(one.time);
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
    return IsDecided(now, own.since, own.reference.size());
  }
  bool IsDecided(Timestamp now, Timestamp since, std::size_t reference) const {
    return now >= Later(since, Memory()) &&
           reference >= static_cast<std::size_t>(spec_.min_reference);
  }

  // Both windows scaled to one length, without a division to round.
  double Current(std::size_t events) const {
    return static_cast<double>(events) *
           static_cast<double>(spec_.reference.count());
  }
  double Reference(std::size_t events) const {
    return static_cast<double>(events) *
           static_cast<double>(spec_.within.count());
  }
  bool IsMany(std::size_t current, std::size_t reference) const {
    return Current(current) >= spec_.factor * Reference(reference) &&
           current >= static_cast<std::size_t>(spec_.min_current);
  }
  bool IsMany(const SpikeState& own) const {
    return IsMany(own.current.size(), own.reference.size());
  }
  bool IsFew(std::size_t current, std::size_t reference) const {
    return spec_.factor * Current(current) <= Reference(reference);
  }
  bool IsFew(const SpikeState& own) const {
    return IsFew(own.current.size(), own.reference.size());
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

Standing Spike::Explain(const State* state, Timestamp now) const {
  Standing standing;
  standing.measure = Standing::Measure::kRate;
  standing.awaits = {&spec_.event};
  standing.min_events = spec_.min_reference;
  if (state == nullptr) return standing;
  SpikeState own = As(state);
  Slide(now, &own);
  standing.have = static_cast<double>(own.current.size());
  standing.events = static_cast<int>(own.reference.size());
  standing.total = Reference(own.reference.size()) /
                   static_cast<double>(spec_.reference.count());
  standing.need = spec_.up ? std::max<double>(spec_.factor * standing.total,
                                              spec_.min_current)
                           : standing.total / spec_.factor;
  standing.reversed = !spec_.up;
  standing.from = Later(own.since, Memory());
  standing.phase = now < standing.from ? Standing::Phase::kLearning
                                       : Standing::Phase::kUnderWay;
  if (!own.current.empty()) {
    standing.until = Later(own.current.front().time, spec_.within);
  }
  if (!own.reference.empty()) {
    standing.until =
        std::min(standing.until, Later(own.reference.front(), Memory()));
  }
  if (spec_.up && !spec_.hold && IsDecided(now, own)) {
    standing.more = Enough(own);
  }
  hold_.Tell(spec_.down ? FollowLeaving(As(state)) : own.hold, &standing);
  return standing;
}

// So many more until there are many; 0: never.
int Spike::Enough(const SpikeState& own) const {
  for (std::size_t more = 1; more <= kMostKept; ++more) {
    if (IsMany(own.current.size() + more, own.reference.size())) {
      return static_cast<int>(more);
    }
  }
  return 0;
}

// What Fire() will see each time that one leaves the current window, if no
// more come.
HoldState Spike::FollowLeaving(const SpikeState& own) const {
  HoldState hold = own.hold;
  const auto& current = own.current;
  for (std::size_t i = 0; i < current.size(); ++i) {
    if (i + 1 < current.size() && current[i + 1].time == current[i].time) {
      continue;
    }
    const Timestamp now = Later(current[i].time, spec_.within);
    if (hold.due < now) break;
    const std::size_t reference = CountReference(own, i + 1, now);
    if (!IsDecided(now, own.since, reference)) continue;
    const bool few = IsFew(current.size() - i - 1, reference);
    if (hold_.Look(few, now, &hold)) hold.due = now;
  }
  return hold;
}

// At `now`, when so many have left the current window.
std::size_t Spike::CountReference(const SpikeState& own, std::size_t left,
                                  Timestamp now) const {
  const Timestamp edge = Earlier(now, Memory());
  const auto old =
      std::upper_bound(own.reference.begin(), own.reference.end(), edge);
  const auto end = own.current.begin() + static_cast<std::ptrdiff_t>(left);
  const auto gone =
      std::find_if(own.current.begin(), end,
                   [edge](const Seen& one) { return one.time > edge; });
  return static_cast<std::size_t>((own.reference.end() - old) + (end - gone));
}

}  // namespace

std::unique_ptr<Detector> NewSpike(const SpikeSpec& spec) {
  return std::make_unique<Spike>(spec);
}

}  // namespace premura
