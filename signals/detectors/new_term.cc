// SPDX-License-Identifier: Apache-2.0
// new_term: a value that has not been seen for long, or never. Known values
// stay over a detection.

#include <string>
#include <unordered_map>

#include "signals/detector.h"

namespace premura {

namespace {

struct NewTermState : State {
  Timestamp first{};  // Of the first event with the field.
  std::unordered_map<std::string, Timestamp> seen;  // By identity: when last.
  std::size_t tidy_at = 16;  // When it has grown to so many.

  static auto Fields(auto& own) { return std::tie(own.first, own.seen); }
};

class NewTerm final : public DetectorOf<NewTermState> {
 public:
  explicit NewTerm(const NewTermSpec& spec) : spec_(spec) {}

  std::vector<Watch> Watches() const override { return {{&spec_.event}}; }
  bool Sees(const Sight& sight, const State*) const override {
    return sight.facts.Get(spec_.field).present();
  }

  std::optional<Finding> Take(const Sight& sight,
                              State*& state) const override {
    if (sight.late()) {
      ++sight.counts.late;
      return std::nullopt;
    }
    const bool first = state == nullptr;
    NewTermState& own = Obtain(state);
    if (first) own.first = sight.time();
    const bool is_new = Learn(sight, &own);
    if (!is_new || sight.time() < Later(own.first, spec_.learn)) {
      return std::nullopt;
    }
    return Finding{sight.time(), {{sight.time(), sight.Keep()}}};
  }

  void Reset(State*&, Timestamp) const override {}
  Duration Memory() const override { return spec_.remember; }
  bool Forget(State* state) const override {
    As(state).seen = {};
    return false;  // It has learnt, and need not do so again.
  }

  Standing Explain(const State* state, Timestamp now) const override {
    Standing standing;
    standing.measure = Standing::Measure::kValues;
    standing.awaits = {&spec_.event};
    if (state == nullptr) {
      standing.more = spec_.learn <= Duration::zero() ? 1 : 0;
      return standing;
    }
    const NewTermState& own = As(state);
    standing.since = own.first;
    for (const auto& [value, last] : own.seen) {
      if (last > Earlier(now, spec_.remember)) ++standing.have;
    }
    standing.from = Later(own.first, spec_.learn);
    const bool learns = now < standing.from;
    standing.phase =
        learns ? Standing::Phase::kLearning : Standing::Phase::kUnderWay;
    standing.more = learns ? 0 : 1;
    return standing;
  }

 private:
  bool Restore(NewTermState* own) const override {
    own->tidy_at = TidyAt(*own);
    return true;
  }
  static std::size_t TidyAt(const NewTermState& own) {
    return 2 * own.seen.size() + 16;
  }
  // Whether the value is new. Those that no longer count go now and then.
  bool Learn(const Sight& sight, NewTermState* own) const {
    const Timestamp edge = Earlier(sight.time(), spec_.remember);
    std::string value;
    AppendIdentity(sight.facts.Get(spec_.field), &value);
    const auto [known, added] = own->seen.try_emplace(value, sight.time());
    const bool is_new = added || known->second <= edge;
    known->second = sight.time();
    if (own->seen.size() >= own->tidy_at) {
      std::erase_if(own->seen,
                    [edge](const auto& one) { return one.second <= edge; });
      own->tidy_at = TidyAt(*own);
    }
    return is_new;
  }

  const NewTermSpec& spec_;
};

}  // namespace

std::unique_ptr<Detector> NewNewTerm(const NewTermSpec& spec) {
  return std::make_unique<NewTerm>(spec);
}

}  // namespace premura
