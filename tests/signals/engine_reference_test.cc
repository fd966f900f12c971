// SPDX-License-Identifier: Apache-2.0
// Kinds against their reference evaluators: counts, states, absence, sequences.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/signals/trial.h"

namespace premura {
namespace {

Trial Windowed(Dice* dice, bool values, bool lt) {
  const Common common(dice);
  RefWindow spec;
  spec.bound = 1 + dice->Roll(4);
  spec.within = 1 + dice->Roll(25);
  spec.lt = lt;
  spec.matches = [](const StreamEvent& event) {
    return event.name == "a" || event.name == "b";
  };
  if (values) spec.field = std::string("v");
  Trial trial;
  trial.yaml =
      fmt::format("{{{}: {{event: [a, b]{}, {}: {}, within: {}ms{}}}}}{}",
                  values ? "value_count" : "event_count",
                  values ? ", field: v" : "", lt ? "lt" : "gte", spec.bound,
                  spec.within, common.Inside(), common.Beside());
  trial.grouped = common.grouped;
  trial.reference = [=] { return common.Dress(NewRefWindow(spec)); };
  return trial;
}

TEST(EngineReference, EventCountAtLeast) {
  Compare([](Dice* dice) { return Windowed(dice, false, false); });
}
TEST(EngineReference, EventCountFewerThan) {
  Compare([](Dice* dice) { return Windowed(dice, false, true); });
}
TEST(EngineReference, ValueCountAtLeast) {
  Compare([](Dice* dice) { return Windowed(dice, true, false); });
}
TEST(EngineReference, ValueCountFewerThan) {
  Compare([](Dice* dice) { return Windowed(dice, true, true); });
}

TEST(EngineReference, FlappingOfAField) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefFlapping spec;
    spec.flips = 1 + dice->Roll(4);
    spec.within = 1 + dice->Roll(30);
    spec.state = [](const StreamEvent& event) -> std::optional<std::string> {
      const std::string* value = event.Field("v");
      if (event.name == "b" || event.name == "d" || value == nullptr) return {};
      return *value;
    };
    Trial trial;
    trial.yaml = fmt::format(
        "{{flapping: {{event: [a, c], field: v, gte: {}, within: {}ms{}}}}}{}",
        spec.flips, spec.within, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefFlapping(spec)); };
    return trial;
  });
}

TEST(EngineReference, FlappingOfEvents) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefFlapping spec;
    spec.flips = 1 + dice->Roll(4);
    spec.within = 1 + dice->Roll(30);
    spec.state = [](const StreamEvent& event) -> std::optional<std::string> {
      if (event.name == "a") return "on";
      if (event.name == "b") return "off";
      return {};
    };
    Trial trial;
    trial.yaml = fmt::format(
        "{{flapping: {{turned_on: a, turned_off: b, gte: {}, within: {}ms{}}}}}"
        "{}",
        spec.flips, spec.within, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefFlapping(spec)); };
    return trial;
  });
}

TEST(EngineReference, Absence) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefAbsence spec;
    spec.wait = 1 + dice->Roll(25);
    spec.restart = dice->Chance(0.4);
    spec.after = [](const StreamEvent& event) {
      return event.name == "a" || event.name == "b";
    };
    spec.without = [](const StreamEvent& event) {
      return event.name == "b" || event.name == "c";
    };
    Trial trial;
    trial.yaml = fmt::format(
        "{{absence: {{after: [a, b], without: [b, c], for: {}ms{}{}}}}}{}",
        spec.wait, spec.restart ? ", restart: true" : "", common.Inside(),
        common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefAbsence(spec)); };
    return trial;
  });
}

// --- sequence ---------------------------------------------------------------

// A random pattern: some names, perhaps a value, perhaps one that looks back.
struct RandomPattern {
  std::vector<std::string> names;
  int least = 0;  // `v|gte`; 0: none.
  bool looks_back = false;

  RandomPattern(Dice* dice, bool may_look_back) {
    for (const char* name : {"a", "b", "c"}) {
      if (dice->Chance(0.4)) names.push_back(name);
    }
    if (names.empty())
      names.push_back(dice->Pick<std::string>({"a", "b", "c"}));
    if (may_look_back && dice->Chance(0.5)) {
      looks_back = true;
    } else if (dice->Chance(0.3)) {
      least = 2;
    }
  }

  std::string Yaml() const {
    std::string text = fmt::format("event: [{}]", fmt::join(names, ", "));
    if (looks_back) text += ", where: {v|gte: $first.v}";
    if (least > 0) text += fmt::format(", where: {{v|gte: {}}}", least);
    return text;
  }

  bool Matches(const StreamEvent& event, const StreamEvent* opening) const {
    if (std::find(names.begin(), names.end(), event.name) == names.end()) {
      return false;
    }
    if (least == 0 && !looks_back) return true;
    const std::string* value = event.Field("v");
    if (value == nullptr) return false;
    if (!looks_back) return std::stoi(*value) >= least;
    const std::string* first =
        opening == nullptr ? nullptr : opening->Field("v");
    return first != nullptr && std::stoi(*value) >= std::stoi(*first);
  }

  RefSequence::Test Test() const {
    return [pattern = *this](const StreamEvent& event,
                             const StreamEvent* opening) {
      return pattern.Matches(event, opening);
    };
  }
};

class SequenceMaker {
 public:
  SequenceMaker(Dice* dice, bool looks_back)
      : dice_(dice), looks_back_(looks_back), common_(dice) {}

  Trial Make() {
    const int steps = (looks_back_ ? 2 : 1) + dice_->Roll(3);
    if (dice_->Chance(0.25)) AddLeading();
    for (int i = 0; i < steps; ++i) AddStep(i == 0, i + 1 == steps);
    if (dice_->Chance(0.4)) AddTrailing();
    std::string within;
    if (spec_.steps.size() > 1 || dice_->Chance(0.3)) {
      spec_.within = 2 + dice_->Roll(40);
      within = fmt::format("within: {}ms, ", *spec_.within);
    }
    Trial trial;
    trial.yaml =
        fmt::format("{{sequence: {{{}steps: [{}]{}}}}}{}", within,
                    fmt::join(yaml_, ", "), common_.Inside(), common_.Beside());
    trial.grouped = common_.grouped;
    trial.reference = [spec = spec_, common = common_] {
      return common.Dress(NewRefSequence(spec));
    };
    return trial;
  }

 private:
  RandomPattern NewPattern(bool first) {
    return RandomPattern(dice_, looks_back_ && !first);
  }

  void AddLeading() {
    const RandomPattern pattern = NewPattern(true);
    const int wait = 1 + dice_->Roll(15);
    spec_.leading = {pattern.Test(), wait};
    yaml_.push_back(
        fmt::format("{{not: {{{}}}, for: {}ms}}", pattern.Yaml(), wait));
  }

  void AddTrailing() {
    const RandomPattern pattern = NewPattern(false);
    const int wait = 1 + dice_->Roll(20);
    spec_.trailing = {pattern.Test(), wait};
    yaml_.push_back(
        fmt::format("{{not: {{{}}}, for: {}ms}}", pattern.Yaml(), wait));
  }

  void AddStep(bool first, bool last) {
    std::vector<RefSequence::Test> before;
    if (!first && dice_->Chance(0.35)) {
      const RandomPattern pattern = NewPattern(false);
      before.push_back(pattern.Test());
      yaml_.push_back(fmt::format("{{not: {{{}}}}}", pattern.Yaml()));
    }
    const RandomPattern pattern = NewPattern(first);
    RefSequence::Step step;
    step.event = pattern.Test();
    step.optional = !first && !last && dice_->Chance(0.4);
    step.next = !first && !after_optional_ && dice_->Chance(0.25);
    const bool named = first && looks_back_;
    const int times = !named && dice_->Chance(0.3) ? 2 : 1;
    std::string yaml = pattern.Yaml();
    if (named) yaml += ", as: first";
    if (step.optional) yaml += ", optional: true";
    // The repeats of an optional step follow one.
    if (step.optional && times > 1) step.next = false;
    if (step.next) yaml += ", next: true";
    if (times > 1) yaml += fmt::format(", times: {}", times);
    std::vector<RefSequence::Test> inside;
    if (times > 1 && dice_->Chance(0.4)) {
      const RandomPattern between = NewPattern(first);
      inside.push_back(between.Test());
      yaml += fmt::format(", not: {{{}}}", between.Yaml());
    }
    yaml_.push_back("{" + yaml + "}");
    for (int i = 0; i < times; ++i) {
      step.nots = inside;
      if (i == 0)
        step.nots.insert(step.nots.end(), before.begin(), before.end());
      spec_.steps.push_back(step);
    }
    after_optional_ = step.optional;
  }

  Dice* const dice_;
  const bool looks_back_;
  const Common common_;
  RefSequence spec_;
  std::vector<std::string> yaml_;
  bool after_optional_ = false;
};

TEST(EngineReference, Sequence) {
  Compare([](Dice* dice) { return SequenceMaker(dice, false).Make(); });
}
TEST(EngineReference, SequenceThatLooksBack) {
  Compare([](Dice* dice) { return SequenceMaker(dice, true).Make(); });
}

}  // namespace
}  // namespace premura
