// SPDX-License-Identifier: Apache-2.0
// Kinds against their reference evaluators: change, new_term, temporal,
// silence, score.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/signals/trial.h"

namespace premura {
namespace {

bool IsAOrB(const StreamEvent& event) {
  return event.name == "a" || event.name == "b";
}

// Of a kind without `unless`.
Common WithoutUnless(Dice* dice) {
  Common common(dice);
  common.unless = false;
  return common;
}

TEST(EngineReference, Change) {
  Compare([](Dice* dice) {
    const Common common = WithoutUnless(dice);
    RefChange spec{IsAOrB, "v", "", "", {}};
    std::string more;
    if (dice->Chance(0.3)) more += ", from: " + (spec.from = "1");
    if (dice->Chance(0.3)) more += ", to: " + (spec.to = "2");
    if (dice->Chance(0.5)) {
      spec.within = 1 + dice->Roll(15);
      more += fmt::format(", within: {}ms", *spec.within);
    }
    Trial trial;
    trial.yaml = fmt::format("{{change: {{event: [a, b], field: v{}{}}}}}{}",
                             more, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefChange(spec)); };
    return trial;
  });
}

TEST(EngineReference, NewTerm) {
  Compare([](Dice* dice) {
    const Common common = WithoutUnless(dice);
    RefNewTerm spec{IsAOrB, "v", 1 + dice->Roll(20), 1 + dice->Roll(40)};
    Trial trial;
    trial.yaml = fmt::format(
        "{{new_term: {{event: [a, b], field: v, learn: {}ms, remember: "
        "{}ms{}}}}}{}",
        spec.learn, spec.remember, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefNewTerm(spec)); };
    return trial;
  });
}

TEST(EngineReference, Temporal) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefTemporal spec;
    spec.within = 1 + dice->Roll(25);
    std::string all;
    const int items = 2 + dice->Roll(2);
    for (int i = 0; i < items; ++i) {
      const std::vector<std::string> names =
          dice->Pick<std::vector<std::string>>(
              {{"a"}, {"b"}, {"a", "b"}, {"b", "c"}, {"c"}});
      all += fmt::format("{}[{}]", i == 0 ? "" : ", ", fmt::join(names, ", "));
      spec.all.push_back([names](const StreamEvent& event) {
        return std::find(names.begin(), names.end(), event.name) != names.end();
      });
    }
    Trial trial;
    trial.yaml =
        fmt::format("{{temporal: {{all: [{}], within: {}ms{}}}}}{}", all,
                    spec.within, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefTemporal(spec)); };
    return trial;
  });
}

TEST(EngineReference, Silence) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefSilence spec{IsAOrB, 1 + dice->Roll(20), 1 + dice->Roll(3)};
    Trial trial;
    trial.yaml = fmt::format(
        "{{silence: {{event: [a, b], for: {}ms, min_events: {}{}}}}}{}",
        spec.wait, spec.min_events, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefSilence(spec)); };
    return trial;
  });
}

TEST(EngineReference, Score) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefScore spec;
    spec.half_life = 1 + dice->Roll(12);
    spec.gte = 1 + dice->Roll(8);
    spec.reset_below = spec.gte / (1 + dice->Roll(3));
    spec.signals = {{Named("a"), 1.0 + dice->Roll(3)},
                    {IsAOrB, 0.5 * (1 + dice->Roll(3))},
                    {Named("c"), 2}};
    Trial trial;
    trial.yaml = fmt::format(
        "{{score: {{signals: [{{event: a, weight: {}}}, {{event: [a, b], "
        "weight: {}}}, {{event: c, weight: 2}}], half_life: {}ms, gte: {}, "
        "reset_below: {}{}}}}}{}",
        spec.signals[0].weight, spec.signals[1].weight, spec.half_life,
        spec.gte, spec.reset_below, common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefScore(spec)); };
    return trial;
  });
}

}  // namespace
}  // namespace premura
