// SPDX-License-Identifier: Apache-2.0
// absence: something began, and what should have followed did not in time.

#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

struct AbsenceState : State {
  Seen opening;  // Without event: nothing is open.

  static auto Fields(auto& own) { return std::tie(own.opening); }
};

class Absence final : public DetectorOf<AbsenceState> {
 public:
  explicit Absence(const AbsenceSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override {
    return {{&spec_.after}, {&spec_.without}};
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    const bool open = state != nullptr && As(state).opening.event;
    bool used = false;
    if (open) {
      used = sight.Is(kWithout) ? Close(sight, &As(state))
                                : Restart(sight, &As(state));
    } else if (sight.Is(kAfter)) {
      // A late one opens nothing: what came after it, and left nothing open,
      // would have closed it too.
      used = !sight.late();
      if (used) Open(sight, &Obtain(state));
    }
    if (!used && sight.late()) ++sight.counts.late;
    return std::nullopt;
  }

  std::optional<Finding> Fire(State* state) const override {
    AbsenceState& own = As(state);
    Finding finding{own.due, {}};
    finding.evidence.push_back(std::exchange(own.opening, {}));
    own.due = kNever;
    return finding;
  }

  void Reset(State*& state, Timestamp) const override {
    if (state == nullptr) return;
    As(state).opening = {};
    state->due = kNever;
  }
  Duration Memory() const override { return spec_.wait; }
  bool Forget(State*) const override { return true; }

  Standing Explain(const State* state, Timestamp) const override {
    Standing standing;
    if (state == nullptr || !As(state).opening.event) {
      standing.awaits = {&spec_.after};
      return standing;
    }
    standing.phase = Standing::Phase::kTimed;
    standing.since = As(state).opening.time;
    standing.fires_at = state->due;
    standing.against = {&spec_.without};
    if (spec_.restart) standing.against.push_back(&spec_.after);
    return standing;
  }

 private:
  void Open(const Sight& sight, AbsenceState* own) const {
    own->opening = {sight.time(), sight.Keep()};
    own->due = Later(sight.time(), spec_.wait);
  }

  // The timer would have fired at or before an event that comes too late.
  bool Close(const Sight& sight, AbsenceState* own) const {
    if (sight.time() < own->opening.time) return false;
    own->opening = {};
    own->due = kNever;
    return true;
  }

  bool Restart(const Sight& sight, AbsenceState* own) const {
    if (!spec_.restart || sight.time() < own->opening.time) return false;
    Open(sight, own);
    return true;
  }

  bool Restore(AbsenceState* own) const override {
    return own->opening.event || own->due == kNever;
  }

  static constexpr std::size_t kAfter = 0;  // Of Watches().
  static constexpr std::size_t kWithout = 1;
  const AbsenceSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewAbsence(const AbsenceSpec& spec) {
  return std::make_unique<Absence>(spec);
}

}  // namespace premura
