// SPDX-License-Identifier: Apache-2.0
// Kinds against their reference evaluators: ratio, aggregate, spike.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/signals/trial.h"

namespace premura {
namespace {

bool IsAOrB(const StreamEvent& event) {
  return event.name == "a" || event.name == "b";
}

struct RandomBound {
  RandomBound(Dice* dice, const std::vector<double>& limits)
      : op(dice->Pick<std::string>({"gt", "gte", "lt", "lte"})),
        limit(dice->Pick(limits)) {}

  std::string Yaml() const { return fmt::format("{}: {}", op, limit); }
  std::function<bool(double)> Test() const {
    return [op = op, limit = limit](double value) {
      if (op == "gt") return value > limit;
      if (op == "gte") return value >= limit;
      if (op == "lt") return value < limit;
      return value <= limit;
    };
  }

  std::string op;
  double limit;
};

std::string For(const std::optional<long>& hold) {
  return hold ? fmt::format(", for: {}ms", *hold) : "";
}
std::optional<long> RandomHold(Dice* dice) {
  if (dice->Chance(0.5)) return std::nullopt;
  return 1 + dice->Roll(15);
}

TEST(EngineReference, Ratio) {
  Compare([](Dice* dice) {
    const Common common(dice);
    const RandomBound bound(dice, {0.1, 0.25, 0.3, 0.5, 0.75});
    RefRatio spec;
    spec.over = IsAOrB;
    spec.of = [](const StreamEvent& event) {
      return event.name == "b" || event.name == "c";
    };
    spec.bound = bound.Test();
    spec.within = 1 + dice->Roll(30);
    spec.min_denominator = 1 + dice->Roll(5);
    spec.hold = RandomHold(dice);
    Trial trial;
    trial.yaml = fmt::format(
        "{{ratio: {{of: [b, c], over: [a, b], {}, within: {}ms, "
        "min_denominator: {}{}{}}}}}{}",
        bound.Yaml(), spec.within, spec.min_denominator, For(spec.hold),
        common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefRatio(spec)); };
    return trial;
  });
}

TEST(EngineReference, Aggregate) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefAggregate spec;
    spec.matches = IsAOrB;
    spec.field = "v";
    spec.fn = dice->Pick<std::string>(
        {"sum", "avg", "min", "max", "p50", "p95", "p99"});
    const RandomBound bound(dice, spec.fn == "sum"
                                      ? std::vector<double>{2, 5, 9, 14}
                                      : std::vector<double>{1, 1.5, 2, 3});
    spec.bound = bound.Test();
    spec.within = 1 + dice->Roll(30);
    spec.min_events = 1 + dice->Roll(4);
    spec.hold = RandomHold(dice);
    Trial trial;
    trial.yaml = fmt::format(
        "{{aggregate: {{event: [a, b], field: v, fn: {}, {}, within: {}ms, "
        "min_events: {}{}{}}}}}{}",
        spec.fn, bound.Yaml(), spec.within, spec.min_events, For(spec.hold),
        common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefAggregate(spec)); };
    return trial;
  });
}

TEST(EngineReference, Spike) {
  Compare([](Dice* dice) {
    const Common common(dice);
    RefSpike spec;
    spec.matches = IsAOrB;
    spec.within = 1 + dice->Roll(15);
    spec.reference = 1 + dice->Roll(25);
    const std::string direction =
        dice->Pick<std::string>({"up", "down", "both"});
    spec.up = direction != "down";
    spec.down = direction != "up";
    spec.factor = 1 + dice->Roll(3);
    spec.min_reference = 1 + dice->Roll(3);
    spec.min_current = 1 + dice->Roll(3);
    if (direction != "both") spec.hold = RandomHold(dice);
    Trial trial;
    trial.yaml = fmt::format(
        "{{spike: {{event: [a, b], within: {}ms, reference: {}ms, direction: "
        "{}, factor: {}, min_reference: {}, min_current: {}{}{}}}}}{}",
        spec.within, spec.reference, direction, spec.factor, spec.min_reference,
        spec.min_current, For(spec.hold), common.Inside(), common.Beside());
    trial.grouped = common.grouped;
    trial.reference = [=] { return common.Dress(NewRefSpike(spec)); };
    return trial;
  });
}

}  // namespace
}  // namespace premura
