// SPDX-License-Identifier: Apache-2.0
// change: a value differs from the one before it. The last value stays whatever
// happens.

#include <algorithm>
#include <string>
#include <utility>

#include "signals/detector.h"

namespace premura {

namespace {

struct ChangeState : State {
  std::string last;   // Its identity.
  Timestamp at{};     // When it was told.
  bool from = false;  // It is one that `from` means.

  static auto Fields(auto& own) { return std::tie(own.last, own.at, own.from); }
};

class Change final : public DetectorOf<ChangeState> {
 public:
  explicit Change(const ChangeSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override { return {{&spec_.event}}; }
  bool Sees(const Sight& sight, const State*) const override {
    return std::all_of(spec_.fields.begin(), spec_.fields.end(),
                       [&sight](const FieldRef& field) {
                         return sight.facts.Get(field).present();
                       });
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.late()) {
      ++sight.counts.late;
      return std::nullopt;
    }
    std::string value;
    for (const FieldRef& field : spec_.fields) {
      AppendIdentity(sight.facts.Get(field), &value);
    }
    const bool changed = state != nullptr && IsChange(sight, value, As(state));
    ChangeState& own = Obtain(state);
    own.last = std::move(value);
    own.at = sight.time();
    own.from = spec_.from.Matches(sight.facts);
    if (!changed) return std::nullopt;
    return Finding{sight.time(), {{sight.time(), sight.Keep()}}};
  }

  void Reset(State*&, Timestamp) const override {}
  Duration Memory() const override {
    return spec_.within.value_or(Duration::zero());
  }
  bool Forget(State*) const override { return spec_.within.has_value(); }

  Standing Explain(const State* state, Timestamp now) const override {
    Standing standing;
    standing.awaits = {&spec_.event};
    if (state == nullptr) return standing;
    const ChangeState& own = As(state);
    standing.since = own.at;
    if (spec_.within) standing.until = Later(own.at, *spec_.within);
    if (standing.until <= now) return standing;
    standing.phase = Standing::Phase::kUnderWay;
    standing.from_unmet = !own.from;
    standing.more = own.from ? 1 : 0;
    return standing;
  }

 private:
  bool IsChange(const Sight& sight, const std::string& value,
                const ChangeState& before) const {
    const bool in_time =
        !spec_.within || before.at > Earlier(sight.time(), *spec_.within);
    return value != before.last && in_time && before.from &&
           spec_.to.Matches(sight.facts);
  }

  const ChangeSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewChange(const ChangeSpec& spec) {
  return std::make_unique<Change>(spec);
}

}  // namespace premura
