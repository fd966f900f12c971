// SPDX-License-Identifier: Apache-2.0
// What event_count and value_count share: a window that fires when it holds so
// much (gte), or too little (lt).
//
// `Kind` says what is counted. It names its Spec (with `event`, `bound` and
// `within`) and its Items, kept in order of time, then arrival, and has
//   static bool Sees(const Spec&, const Sight&);
//   static void Insert(const Spec&, const Sight&, Items*);
//   static void DropUpTo(Timestamp, Items*);
//   static const Seen& SeenOf(const Item&);
//   static constexpr Standing::Measure kMeasure;
//   static SeenEvents TakeEvents(Items*);  // Leaves none.
//   static constexpr bool kFolds;          // One item is its event, and so
//   static SeenRef Fold(const Items&);     // these are as Detector's.
//   static void Unfold(SeenRef, Items*);

#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "signals/detector.h"

namespace premura {

template <typename Kind, typename StateType>
class Counting : public DetectorOf<StateType> {
 public:
  explicit Counting(const typename Kind::Spec& spec) : spec_(spec) {}

  std::vector<Detector::Watch> Watches() const final {
    return {{&spec_.event}};
  }
  bool Sees(const Sight& sight, const State*) const final {
    return Kind::Sees(spec_, sight);
  }
  Duration Memory() const final { return spec_.within; }
  void Prefetch(const State& state, int step) const final {
    const auto& items = static_cast<const StateType&>(state).items;
    if (step == 0) {
      PrefetchLines(items.data(), LinesOf(items));
    } else if (step == 1 && !items.empty()) {
      Kind::SeenOf(items.front()).event.Prefetch();  // It may be let go.
    }
  }

 protected:
  // The window is (Edge, newest].
  Timestamp Edge(const Sight& sight) const {
    return Earlier(sight.newest, spec_.within);
  }
  std::size_t bound() const {
    return static_cast<std::size_t>(spec_.bound.count);
  }
  // What is in the window at `now`; `items` may be nullptr.
  Standing Count(const typename Kind::Items* items, Timestamp now) const {
    Standing standing;
    standing.measure = Kind::kMeasure;
    standing.need = spec_.bound.count;
    standing.more = spec_.bound.count;
    standing.awaits = {&spec_.event};
    if (items == nullptr) return standing;
    for (const auto& item : *items) {
      if (Kind::SeenOf(item).time <= Earlier(now, spec_.within)) continue;
      if (standing.have == 0) {
        standing.until = Later(Kind::SeenOf(item).time, spec_.within);
      }
      ++standing.have;
      --standing.more;
    }
    return standing;
  }
  const typename Kind::Spec& spec_;

 private:
  // No line more than there are: what memory can deliver bounds how fast
  // events are taken.
  static std::size_t LinesOf(const typename Kind::Items& items) {
    constexpr std::size_t kMost = 3;
    return std::min(kMost, (items.size() * sizeof(items[0]) + 63) / 64);
  }
};

// --- gte --------------------------------------------------------------------

template <typename Kind>
struct AtLeastState : State {
  typename Kind::Items items;  // In the window, fewer than the bound.

  static auto Fields(auto& own) { return std::tie(own.items); }
};

template <typename Kind>
class AtLeast final : public Counting<Kind, AtLeastState<Kind>> {
 public:
  using Counting<Kind, AtLeastState<Kind>>::Counting;

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    const Timestamp edge = this->Edge(sight);
    if (sight.time() <= edge) {
      ++sight.counts.late;
      return std::nullopt;
    }
    auto& items = this->Obtain(state).items;
    Kind::DropUpTo(edge, &items);
    Kind::Insert(this->spec_, sight, &items);
    if (items.size() < this->bound()) return std::nullopt;
    const Timestamp at = Kind::SeenOf(items.back()).time;
    return Finding{at, Kind::TakeEvents(&items)};
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) this->As(state).items.clear();
  }
  bool Forget(State*) const override { return true; }
  SeenRef Fold(const State& state) const override {
    return Kind::Fold(this->As(&state).items);
  }
  State* Unfold(SeenRef event) const override {
    State* state = nullptr;
    Kind::Unfold(std::move(event), &this->Obtain(state).items);
    return state;
  }
  bool TakeAlone(const Sight& sight, Memo* memo) const override {
    const Timestamp edge = this->Edge(sight);
    if (!Kind::kFolds || this->bound() < 2 || sight.time() <= edge) {
      return false;
    }
    if (memo->alone()) {
      if ((**memo).time() > edge) return false;
      memo->TakeEvent();
    }
    *memo = Memo(sight.Keep());
    return true;
  }

  Standing Explain(const State* state, Timestamp now) const override {
    Standing standing =
        this->Count(state == nullptr ? nullptr : &this->As(state).items, now);
    if (standing.have > 0) standing.phase = Standing::Phase::kUnderWay;
    return standing;
  }

 private:
  bool Restore(AtLeastState<Kind>* own) const override {
    return AreInOrder(own->items, Kind::SeenOf);
  }
};

// --- lt ---------------------------------------------------------------------

template <typename Kind>
struct FewerState : State {
  Timestamp first = kUnseen;  // The first matching event ever.
  bool armed = true;
  typename Kind::Items items;  // The newest, at most as many as the bound.

  static auto Fields(auto& own) {
    return std::tie(own.first, own.armed, own.items);
  }
};

template <typename Kind>
class Fewer final : public Counting<Kind, FewerState<Kind>> {
 public:
  using Counting<Kind, FewerState<Kind>>::Counting;

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    const Timestamp edge = this->Edge(sight);
    if (sight.time() <= edge) {
      ++sight.counts.late;
      return std::nullopt;
    }
    FewerState<Kind>& own = this->Obtain(state);
    if (own.first == kUnseen) own.first = sight.time();
    // While armed, those that have left the window still say when they did.
    if (!own.armed) Kind::DropUpTo(edge, &own.items);
    Kind::Insert(this->spec_, sight, &own.items);
    if (own.items.size() > this->bound()) own.items.erase(own.items.begin());
    SetTimer(&own);
    return std::nullopt;
  }

  std::optional<Finding> Fire(State* state) const override {
    FewerState<Kind>& own = this->As(state);
    Kind::DropUpTo(Earlier(own.due, this->spec_.within), &own.items);
    Finding finding{own.due, Kind::TakeEvents(&own.items)};
    own.armed = false;
    own.due = kNever;
    return finding;
  }

  void Reset(State*& state, Timestamp) const override {
    FewerState<Kind>& own = this->Obtain(state);
    own.items.clear();
    own.armed = false;
    own.due = kNever;
  }
  bool Forget(State* state) const override {
    this->As(state).items = {};
    return false;  // Having fired, it waits until there are enough again.
  }

  Standing Explain(const State* state, Timestamp now) const override {
    const auto* own = state == nullptr ? nullptr : &this->As(state);
    Standing standing =
        this->Count(own == nullptr ? nullptr : &own->items, now);
    standing.reversed = true;
    if (own == nullptr || own->armed) standing.more = 0;
    if (own == nullptr) return standing;
    standing.phase = Standing::Phase::kSpent;
    if (!own->armed || own->due == kNever) return standing;
    standing.phase = Standing::Phase::kTimed;
    standing.fires_at = own->due;
    standing.since = own->first;
    standing.awaits.clear();
    standing.against = {&this->spec_.event};
    return standing;
  }

 private:
  bool Restore(FewerState<Kind>* own) const override {
    return own->items.size() <= this->bound() &&
           AreInOrder(own->items, Kind::SeenOf);
  }
  // The moment at which the n-th newest leaves the window, but not before
  // `within` has passed since the first.
  void SetTimer(FewerState<Kind>* own) const {
    const bool full = own->items.size() == this->bound();
    if (full) own->armed = true;
    if (!own->armed) return;
    Timestamp since = own->first;
    if (full) since = std::max(since, Kind::SeenOf(own->items.front()).time);
    own->due = Later(since, this->spec_.within);
  }
};

template <typename Kind>
std::unique_ptr<Detector> NewCounting(const typename Kind::Spec& spec) {
  if (spec.bound.op == CountBound::Op::kGte) {
    return std::make_unique<AtLeast<Kind>>(spec);
  }
  return std::make_unique<Fewer<Kind>>(spec);
}

}  // namespace premura
