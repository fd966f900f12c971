// SPDX-License-Identifier: Apache-2.0
// silence: nothing more for a while from a customer who has been active.

#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

struct SilenceState : State {
  // Since the first or the last detection, at most enough.
  std::uint32_t events = 0;
  Seen last;

  static auto Fields(auto& own) { return std::tie(own.events, own.last); }
};

class Silence final : public DetectorOf<SilenceState> {
 public:
  explicit Silence(const SilenceSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override { return {{&spec_.event}}; }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.late()) {
      ++sight.counts.late;
      return std::nullopt;
    }
    SilenceState& own = Obtain(state);
    own.last = {sight.time(), sight.Keep()};
    if (own.events < enough()) ++own.events;
    if (own.events == enough()) {
      own.due = Later(sight.time(), spec_.wait);
    }
    return std::nullopt;
  }

  std::optional<Finding> Fire(State* state) const override {
    SilenceState& own = As(state);
    Finding finding{own.due, {}};
    finding.evidence.push_back(std::move(own.last));
    Clear(&own);
    return finding;
  }

  void Reset(State*& state, Timestamp) const override {
    if (state != nullptr) Clear(&As(state));
  }
  Duration Memory() const override { return spec_.wait; }
  bool Forget(State* state) const override {
    As(state).last = {};
    return As(state).events == 0;
  }

  Standing Explain(const State* state, Timestamp) const override {
    Standing standing;
    standing.measure = Standing::Measure::kEvents;
    standing.need = spec_.min_events;
    if (state != nullptr) {
      standing.have = As(state).events;
      standing.since = As(state).last.event ? As(state).last.time : kUnseen;
    }
    if (state == nullptr || state->due == kNever) {
      standing.awaits = {&spec_.event};
      if (standing.have > 0) standing.phase = Standing::Phase::kUnderWay;
      return standing;
    }
    standing.phase = Standing::Phase::kTimed;
    standing.fires_at = state->due;
    standing.against = {&spec_.event};
    return standing;
  }

 private:
  bool Restore(SilenceState* own) const override {
    return own->events <= enough() && (own->last.event || own->due == kNever);
  }
  std::uint32_t enough() const {
    return static_cast<std::uint32_t>(spec_.min_events);
  }
  static void Clear(SilenceState* own) {
    own->events = 0;
    own->last = {};
    own->due = kNever;
  }

  const SilenceSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewSilence(const SilenceSpec& spec) {
  return std::make_unique<Silence>(spec);
}

}  // namespace premura
