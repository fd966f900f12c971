// SPDX-License-Identifier: Apache-2.0
// sequence: steps one after another, with events that must not come between.
//
// Every opening event begins an attempt; an attempt waits at a place of the
// plan, or, when all its steps are taken, at the trailing `not`. Attempts that
// wait at the same place have the same future, so one of them is enough,
// unless conditions look back at what each has taken.

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <utility>

#include "signals/detectors/sequence_plan.h"

namespace premura {

namespace {

constexpr std::size_t kMostLookingBack = 32;

struct Taken {
  SeenRef event;
  std::uint32_t place = 0;

  static auto Fields(auto& own) { return std::tie(own.event, own.place); }
};

// Its times and arrivals stand beside the events: most events only look at
// them.
struct Attempt {
  Timestamp opened{};
  Timestamp last{};
  std::uint32_t opening = 0;  // Arrivals: which attempt is older,
  std::uint32_t moved = 0;    // which came to its place first.
  std::uint32_t place = 0;    // Awaited; beyond all: the trailing `not`.
  std::vector<Taken> taken;

  void Take(const SeenRef& event, std::uint32_t at) {
    if (taken.empty()) {
      opened = event->time();
      opening = event->arrival();
    }
    MoveTo(*event, at);
    taken.push_back({event, at});
  }
  void MoveTo(const SeenEvent& event, std::uint32_t at) {
    last = event.time();
    moved = event.arrival();
    place = at + 1;
  }

  static auto Fields(auto& own) { return std::tie(own.taken); }
};

struct SequenceState : State {
  std::vector<Attempt> attempts;  // In order of opening.
  // When each leading `not` was seen last; empty: none ever.
  std::vector<Timestamp> blocked;

  static auto Fields(auto& own) { return std::tie(own.attempts, own.blocked); }
};

class SequenceDetector final : public DetectorOf<SequenceState> {
 public:
  explicit SequenceDetector(const SequenceSpec& spec)
      : spec_(spec), plan_(PlanSequence(spec)) {}

  std::vector<Watch> Watches() const override { return plan_.watches; }
  bool SeesEverything() const override { return plan_.sees_everything; }
  bool Sees(const Sight& sight, const State* state) const override;
  std::optional<Finding> Take(const Sight& sight, State*& state) const override;
  std::optional<Finding> Fire(State* state) const override;
  void Reset(State*& state, Timestamp) const override;
  Duration Memory() const override;
  bool Forget(State* state) const override;
  SeenRef Fold(const State& state) const override;
  State* Unfold(SeenRef event) const override;
  bool TakeAlone(const Sight& sight, Memo* memo) const override;
  Standing Explain(const State* state, Timestamp now) const override;
  void Prefetch(const State& state, int step) const override;

 private:
  enum class Fate { kStay, kMove, kKill };

  bool AtEnd(const Attempt& attempt) const {
    return attempt.place >= plan_.places.size();
  }
  bool OutOfTime(const Attempt& attempt, Timestamp now) const {
    return spec_.within && !AtEnd(attempt) &&
           attempt.opened <= Earlier(now, *spec_.within);
  }
  bool Is(const Sight& sight, std::size_t pattern,
          const Attempt& attempt) const;
  bool Any(const Sight& sight, const std::vector<std::size_t>& patterns,
           const Attempt& attempt) const;
  std::optional<std::uint32_t> PlaceOf(const Sight& sight,
                                       const Attempt& attempt) const;
  Fate Decide(const Sight& sight, Attempt* attempt) const;
  Fate DecideAtEnd(const Sight& sight, const Attempt& attempt) const;
  bool Restore(SequenceState* own) const override;
  bool Opens(const Sight& sight, const SequenceState* own) const;
  std::optional<Finding> MoveAll(const Sight& sight, SequenceState* own) const;
  std::optional<Finding> Open(const Sight& sight, SequenceState* own) const;
  void RememberLeading(const Sight& sight, State*& state) const;
  void Thin(const Sight& sight, SequenceState* own) const;
  void SetTimer(SequenceState* own) const;
  static Finding Complete(Timestamp at, std::size_t index, SequenceState* own);
  bool OneFromEnd(const Attempt& attempt) const;
  const Attempt* Foremost(const SequenceState& own, Timestamp now) const;
  void ExplainIdle(const SequenceState* own, Timestamp now,
                   Standing* standing) const;
  void ExplainAttempt(const Attempt& attempt, Standing* standing) const;

  const SequenceSpec& spec_;
  const SequencePlan plan_;
};

// --- Matching ---------------------------------------------------------------

bool SequenceDetector::Is(const Sight& sight, std::size_t pattern,
                          const Attempt& attempt) const {
  if (sight.matches[pattern] != Match::kAsk) return sight.Is(pattern);
  boost::container::small_vector<const SeenEvent*, 8> steps(plan_.names,
                                                            nullptr);
  for (const Taken& taken : attempt.taken) {
    const std::size_t as = plan_.places[taken.place].as;
    if (as != 0) steps[as - 1] = &*taken.event;
  }
  sight.facts.LookBackOn({steps.data(), steps.size()});
  const bool matches =
      plan_.watches[pattern].pattern->where.Matches(sight.facts);
  sight.facts.LookBackOn({});
  return matches;
}

bool SequenceDetector::Any(const Sight& sight,
                           const std::vector<std::size_t>& patterns,
                           const Attempt& attempt) const {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](std::size_t pattern) { return Is(sight, pattern, attempt); });
}

// A condition that looks back can be met only for an attempt.
bool SequenceDetector::Sees(const Sight& sight, const State* state) const {
  const auto& matches = sight.matches;
  if (plan_.sees_everything || !spec_.looks_back ||
      std::find(matches.begin(), matches.end(), Match::kYes) != matches.end()) {
    return true;
  }
  if (state == nullptr) return false;
  for (const Attempt& attempt : As(state).attempts) {
    if (OutOfTime(attempt, sight.time())) continue;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      if (Is(sight, i, attempt)) return true;
    }
  }
  return false;
}

// --- Attempts ---------------------------------------------------------------

SequenceDetector::Fate SequenceDetector::DecideAtEnd(
    const Sight& sight, const Attempt& attempt) const {
  for (const SequencePlan::Guard& guard : plan_.trailing) {
    if (sight.time() >= attempt.last &&
        sight.time() < Later(attempt.last, guard.wait) &&
        Is(sight, guard.pattern, attempt)) {
      return Fate::kKill;
    }
  }
  return Fate::kStay;
}

// The place that the event takes: of a step that must come rather than of an
// optional one before it, which else would keep the attempt from going on; of
// several optional ones the first.
std::optional<std::uint32_t> SequenceDetector::PlaceOf(
    const Sight& sight, const Attempt& attempt) const {
  std::optional<std::uint32_t> optional;
  for (std::uint32_t i = attempt.place; i < plan_.places.size(); ++i) {
    const SequencePlan::Place& place = plan_.places[i];
    const bool wanted = !place.optional || !optional;
    const bool taken = wanted && Is(sight, place.pattern, attempt);
    if (!place.optional) return taken ? i : optional;
    if (taken) optional = i;
  }
  return optional;
}

// A step wins over a `not`.
SequenceDetector::Fate SequenceDetector::Decide(const Sight& sight,
                                                Attempt* attempt) const {
  if (AtEnd(*attempt)) return DecideAtEnd(sight, *attempt);
  const SequencePlan::Place& here = plan_.places[attempt->place];
  if (const auto place = PlaceOf(sight, *attempt)) {
    if (sight.late()) return Fate::kStay;
    attempt->Take(sight.Keep(), *place);
    return Fate::kMove;
  }
  if (sight.time() >= attempt->last && Any(sight, here.nots, *attempt)) {
    return Fate::kKill;
  }
  return here.next && !sight.late() ? Fate::kKill : Fate::kStay;
}

// Of several that are completed at once, the one opened last counts.
std::optional<Finding> SequenceDetector::MoveAll(const Sight& sight,
                                                 SequenceState* own) const {
  std::vector<Attempt>& attempts = own->attempts;
  std::erase_if(attempts, [&](const Attempt& attempt) {
    return OutOfTime(attempt, sight.newest);
  });
  std::optional<std::size_t> completed;
  bool used = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const Fate fate = Decide(sight, &attempts[i]);
    used = used || fate != Fate::kStay;
    if (fate == Fate::kKill) continue;
    if (kept != i) attempts[kept] = std::move(attempts[i]);
    if (fate == Fate::kMove && AtEnd(attempts[kept])) completed = kept;
    ++kept;
  }
  attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(kept),
                 attempts.end());
  if (sight.late() && !used) ++sight.counts.late;
  if (!completed || !plan_.trailing.empty()) return std::nullopt;
  return Complete(sight.time(), *completed, own);
}

bool SequenceDetector::Opens(const Sight& sight,
                             const SequenceState* own) const {
  if (sight.late() || !sight.Is(plan_.places.front().pattern)) return false;
  if (own == nullptr || own->blocked.empty()) return true;
  for (std::size_t i = 0; i < plan_.leading.size(); ++i) {
    if (own->blocked[i] != kUnseen &&
        own->blocked[i] > Earlier(sight.time(), plan_.leading[i].wait)) {
      return false;
    }
  }
  return true;
}

std::optional<Finding> SequenceDetector::Open(const Sight& sight,
                                              SequenceState* own) const {
  Attempt attempt;
  attempt.Take(sight.Keep(), 0);
  own->attempts.push_back(std::move(attempt));
  if (plan_.places.size() > 1 || !plan_.trailing.empty()) return std::nullopt;
  return Complete(sight.time(), own->attempts.size() - 1, own);
}

Finding SequenceDetector::Complete(Timestamp at, std::size_t index,
                                   SequenceState* own) {
  Finding finding{at, {}};
  for (Taken& taken : own->attempts[index].taken) {
    const Timestamp time = taken.event->time();
    finding.evidence.push_back({time, std::move(taken.event)});
  }
  own->attempts.clear();
  return finding;
}

// --- Detector ---------------------------------------------------------------

std::optional<Finding> SequenceDetector::Take(const Sight& sight,
                                              State*& state) const {
  std::optional<Finding> finding;
  SequenceState* own = state == nullptr ? nullptr : &As(state);
  if (own != nullptr) {
    finding = MoveAll(sight, own);
  } else if (sight.late()) {
    ++sight.counts.late;
  }
  if (!finding && Opens(sight, own)) {
    own = &Obtain(state);
    finding = Open(sight, own);
  }
  if (!plan_.leading.empty()) RememberLeading(sight, state);
  if (state == nullptr) return finding;
  Thin(sight, &As(state));
  SetTimer(&As(state));
  return finding;
}

void SequenceDetector::RememberLeading(const Sight& sight,
                                       State*& state) const {
  for (std::size_t i = 0; i < plan_.leading.size(); ++i) {
    if (!sight.Is(plan_.leading[i].pattern)) continue;
    auto& blocked = Obtain(state).blocked;
    if (blocked.empty()) blocked.assign(plan_.leading.size(), kUnseen);
    blocked[i] = std::max(blocked[i], sight.time());
  }
}

// Without looking back: at each place the attempt opened last, at the trailing
// `not` the one that was there first. Looking back: all, within bounds.
void SequenceDetector::Thin(const Sight& sight, SequenceState* own) const {
  std::vector<Attempt>& attempts = own->attempts;
  if (attempts.size() < 2) return;
  if (spec_.looks_back) {
    while (attempts.size() > kMostLookingBack) {
      attempts.erase(attempts.begin());
      ++sight.counts.attempts_dropped;
    }
    return;
  }
  const auto outdone = [this](const Attempt& a, const Attempt& b) {
    if (a.place != b.place) return false;
    if (AtEnd(a) && a.moved != b.moved) return a.moved > b.moved;
    return a.opening < b.opening;
  };
  for (std::size_t i = 0; i < attempts.size();) {
    const bool drop = std::any_of(
        attempts.begin(), attempts.end(),
        [&](const Attempt& other) { return outdone(attempts[i], other); });
    if (drop) {
      attempts.erase(attempts.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
}

void SequenceDetector::SetTimer(SequenceState* own) const {
  own->due = kNever;
  for (const Attempt& attempt : own->attempts) {
    if (!AtEnd(attempt)) continue;
    own->due = std::min(own->due, Later(attempt.last, plan_.trailing_wait));
  }
}

std::optional<Finding> SequenceDetector::Fire(State* state) const {
  SequenceState& own = As(state);
  const Timestamp due = std::exchange(own.due, kNever);
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < own.attempts.size(); ++i) {
    const Attempt& attempt = own.attempts[i];
    if (!AtEnd(attempt) || Later(attempt.last, plan_.trailing_wait) > due) {
      continue;
    }
    if (!first || attempt.moved <= own.attempts[*first].moved) first = i;
  }
  if (!first) return std::nullopt;
  return Complete(due, *first, &own);
}

// What was seen of a leading `not` stays, as after a detection.
void SequenceDetector::Reset(State*& state, Timestamp) const {
  if (state == nullptr) return;
  As(state).attempts.clear();
  state->due = kNever;
}

Duration SequenceDetector::Memory() const {
  Duration memory =
      std::max(spec_.within.value_or(Duration{}), plan_.trailing_wait);
  for (const SequencePlan::Guard& guard : plan_.leading) {
    memory = std::max(memory, guard.wait);
  }
  return memory;
}

bool SequenceDetector::Forget(State*) const { return true; }

// One attempt that has been opened, and no more.
SeenRef SequenceDetector::Fold(const State& state) const {
  const SequenceState& own = As(&state);
  if (spec_.looks_back || own.attempts.size() != 1 || !own.blocked.empty()) {
    return {};
  }
  const std::vector<Taken>& taken = own.attempts.front().taken;
  const bool opened = taken.size() == 1 && taken.front().place == 0;
  return opened ? taken.front().event : SeenRef();
}

State* SequenceDetector::Unfold(SeenRef event) const {
  State* state = nullptr;
  Obtain(state).attempts.emplace_back().Take(event, 0);
  return state;
}

void SequenceDetector::Prefetch(const State& state, int step) const {
  const std::vector<Attempt>& attempts = As(&state).attempts;
  if (attempts.empty()) return;
  if (step == 0) return PrefetchLines(attempts.data(), attempts.size());
  for (const Attempt& attempt : attempts) {
    if (step == 1) {
      PrefetchLines(attempt.taken.data(), 1);
    } else {
      attempt.taken.front().event.Prefetch();
    }
  }
}

// An attempt is what it has taken, one place after the other.
bool SequenceDetector::Restore(SequenceState* own) const {
  const std::size_t places = plan_.places.size();
  const std::size_t last = plan_.trailing.empty() ? places - 1 : places;
  for (Attempt& attempt : own->attempts) {
    for (Taken& taken : std::exchange(attempt.taken, {})) {
      if (!taken.event || taken.place < attempt.place || taken.place >= last) {
        return false;
      }
      attempt.Take(taken.event, taken.place);
    }
    if (attempt.taken.empty()) return false;
  }
  return own->blocked.empty() || own->blocked.size() == plan_.leading.size();
}

// As Take() of one attempt, or none, of which only the times are needed.
bool SequenceDetector::TakeAlone(const Sight& sight, Memo* memo) const {
  if (spec_.looks_back || !plan_.leading.empty() || plan_.places.size() < 2) {
    return false;
  }
  bool used = false;
  if (memo->alone()) {
    Attempt attempt;
    attempt.opened = (**memo).time();
    attempt.MoveTo(**memo, 0);
    const bool over = OutOfTime(attempt, sight.newest);
    const Fate fate = over ? Fate::kKill : Decide(sight, &attempt);
    if (fate == Fate::kMove) return false;
    used = !over && fate == Fate::kKill;
    if (fate == Fate::kKill) memo->TakeEvent();
  }
  if (sight.late() && !used) ++sight.counts.late;
  if (!Opens(sight, nullptr)) return true;
  if (memo->alone()) memo->TakeEvent();  // The later opening is enough.
  *memo = Memo(sight.Keep());
  return true;
}

// --- Standing ---------------------------------------------------------------

// The event of the last place completes it.
bool SequenceDetector::OneFromEnd(const Attempt& attempt) const {
  return plan_.trailing.empty() && !AtEnd(attempt) &&
         std::all_of(plan_.places.begin() + attempt.place,
                     plan_.places.end() - 1,
                     [](const auto& place) { return place.optional; });
}

// The one that would be told if it went on: at the trailing `not` the first to
// arrive, of those that one event completes the one opened last.
const Attempt* SequenceDetector::Foremost(const SequenceState& own,
                                          Timestamp now) const {
  const Attempt* foremost = nullptr;
  for (const Attempt& attempt : own.attempts) {
    if (OutOfTime(attempt, now)) continue;
    const bool better =
        foremost == nullptr ||
        (AtEnd(attempt)
             ? !AtEnd(*foremost) || attempt.last < foremost->last
             : OneFromEnd(attempt) || (!OneFromEnd(*foremost) &&
                                       attempt.place >= foremost->place));
    if (better) foremost = &attempt;
  }
  return foremost;
}

void SequenceDetector::ExplainIdle(const SequenceState* own, Timestamp now,
                                   Standing* standing) const {
  standing->awaits = {plan_.watches[plan_.places.front().pattern].pattern};
  if (plan_.places.size() == 1 && plan_.trailing.empty()) standing->more = 1;
  if (own == nullptr || own->blocked.empty()) return;
  for (std::size_t i = 0; i < plan_.leading.size(); ++i) {
    if (own->blocked[i] == kUnseen) continue;
    standing->from =
        std::max(standing->from, Later(own->blocked[i], plan_.leading[i].wait));
  }
  if (standing->from <= now) return;
  standing->phase = Standing::Phase::kBlocked;
  standing->more = 0;
}

void SequenceDetector::ExplainAttempt(const Attempt& attempt,
                                      Standing* standing) const {
  const auto pattern = [this](std::size_t i) {
    return plan_.watches[i].pattern;
  };
  standing->phase = Standing::Phase::kUnderWay;
  standing->have = attempt.place;
  standing->since = attempt.opened;
  if (spec_.within) standing->until = Later(attempt.opened, *spec_.within);
  for (const std::size_t i : plan_.places[attempt.place].nots) {
    standing->against.push_back(pattern(i));
  }
  standing->next = plan_.places[attempt.place].next;
  if (OneFromEnd(attempt)) {
    standing->more = 1;
    standing->awaits = {pattern(plan_.places.back().pattern)};
    return;
  }
  for (std::size_t i = attempt.place; i < plan_.places.size(); ++i) {
    standing->awaits.push_back(pattern(plan_.places[i].pattern));
    if (!plan_.places[i].optional) break;
  }
}

Standing SequenceDetector::Explain(const State* state, Timestamp now) const {
  Standing standing;
  standing.measure = Standing::Measure::kSteps;
  standing.need = static_cast<double>(plan_.places.size());
  const SequenceState* own = state == nullptr ? nullptr : &As(state);
  const Attempt* foremost = own == nullptr ? nullptr : Foremost(*own, now);
  if (foremost == nullptr) {
    ExplainIdle(own, now, &standing);
  } else if (AtEnd(*foremost)) {
    standing.phase = Standing::Phase::kTimed;
    standing.have = standing.need;
    standing.since = foremost->last;
    standing.fires_at = Later(foremost->last, plan_.trailing_wait);
    for (const SequencePlan::Guard& guard : plan_.trailing) {
      standing.against.push_back(plan_.watches[guard.pattern].pattern);
    }
  } else {
    ExplainAttempt(*foremost, &standing);
  }
  return standing;
}

}  // namespace

std::unique_ptr<Detector> NewSequence(const SequenceSpec& spec) {
  return std::make_unique<SequenceDetector>(spec);
}

}  // namespace premura
