// SPDX-License-Identifier: Apache-2.0

#include "signals/detectors/sequence_plan.h"

#include <algorithm>
#include <utility>

namespace premura {

namespace {

class Planner {
 public:
  explicit Planner(const SequenceSpec& spec) : spec_(spec) {}

  SequencePlan Plan() {
    for (const SequenceSpec::Step& step : spec_.steps) {
      if (step.negative) {
        AddNot(step);
      } else {
        AddPlaces(step);
      }
    }
    for (const auto& [pattern, step] : pending_) {
      const Duration wait = step->wait.value_or(Duration{});
      plan_.trailing.push_back({pattern, wait});
      plan_.trailing_wait = std::max(plan_.trailing_wait, wait);
    }
    return std::move(plan_);
  }

 private:
  std::size_t Watch(const Pattern& pattern) {
    plan_.watches.push_back({&pattern, pattern.where.LooksBack()});
    return plan_.watches.size() - 1;
  }

  void AddNot(const SequenceSpec::Step& step) {
    const std::size_t pattern = Watch(step.event);
    if (plan_.places.empty()) {
      plan_.leading.push_back({pattern, step.wait.value_or(Duration{})});
    } else {
      pending_.push_back({pattern, &step});
    }
  }

  void AddPlaces(const SequenceSpec::Step& step) {
    SequencePlan::Place place;
    place.pattern = Watch(step.event);
    place.optional = step.optional;
    place.next = step.next;
    if (!step.as.empty()) place.as = ++plan_.names;
    if (step.next) plan_.sees_everything = true;
    std::vector<std::size_t> between;
    if (step.not_between) between.push_back(Watch(*step.not_between));
    for (int i = 0; i < step.times; ++i) {
      place.nots = between;
      if (i == 0) {
        for (const auto& [pattern, ignored] : pending_) {
          place.nots.push_back(pattern);
        }
      }
      plan_.places.push_back(place);
    }
    pending_.clear();
  }

  const SequenceSpec& spec_;
  SequencePlan plan_;
  // The `not`s since the last step.
  std::vector<std::pair<std::size_t, const SequenceSpec::Step*>> pending_;
};

}  // namespace

SequencePlan PlanSequence(const SequenceSpec& spec) {
  return Planner(spec).Plan();
}

}  // namespace premura
