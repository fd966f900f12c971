// SPDX-License-Identifier: Apache-2.0
// The same events give the same detections and ids, byte for byte, however
// they are cut into batches or their customers spread over engines, and
// whatever other rules come and go.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/signals/every_kind.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

constexpr double kSecondsEach = 0.5;

constexpr char kUnrelated[] = R"(
  - {id: aa, title: U, detect: {event_count: {event: other, where: {w: 1}, gte: 3, within: 20ms}}}
  - {id: zz, title: U, detect: {absence: {after: strange, without: c, for: 15ms}}}
)";

Stream AStream(std::uint64_t seed) {
  Dice dice(seed);
  StreamShape shape;
  shape.events = 150;
  shape.customers = {"ann", "bob", "cid", "dee"};
  shape.groups = {"x", "y"};
  shape.late = dice.Pick<double>({0, 0.1});
  shape.lateness = Duration(dice.Pick<int>({0, 20}));
  shape.dates = 0.1;  // For `deadline`.
  return RandomStream(shape, &dice);
}

StreamEvent ClockMove(Duration clock) {
  StreamEvent move;
  move.time = clock;
  move.clock = clock;
  return move;
}

std::vector<std::string> Plainly(const std::shared_ptr<const RuleSet>& rules,
                                 const Stream& stream) {
  Rig rig(rules);
  rig.Play(stream);
  return rig.Json();
}

// Fewer over all streams, and there is nothing to compare.
constexpr std::size_t kEnough = 1000;

TEST(Determinism, BatchesMakeNoDifference) {
  const auto rules = RuleList(kEveryKind);
  std::size_t detections = 0;
  std::size_t deadlines = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    const Stream stream = AStream(seed);
    Dice dice(seed);
    Rig rig(rules);
    for (std::size_t i = 0; i < stream.size();) {
      const std::size_t n = std::min<std::size_t>(
          stream.size() - i, 1 + static_cast<std::size_t>(dice.Roll(30)));
      rig.PlayBatch(
          Stream(stream.begin() + static_cast<std::ptrdiff_t>(i),
                 stream.begin() + static_cast<std::ptrdiff_t>(i + n)));
      i += n;
    }
    const auto expected = Plainly(rules, stream);
    detections += expected.size();
    deadlines += static_cast<std::size_t>(
        std::count_if(expected.begin(), expected.end(), [](const auto& one) {
          return one.find(R"("rule":"k1")") != std::string::npos;
        }));
    EXPECT_EQ(rig.Json(), expected) << Describe(stream);
  });
  ExpectMore(detections, kEnough);
  ExpectMore(deadlines, kEnough / 10);
}

TEST(Determinism, ClockMovesInBetweenMakeNoDifference) {
  const auto rules = RuleList(kEveryKind);
  std::size_t detections = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    const Stream stream = AStream(seed);
    Stream more;
    Duration clock{};
    for (const StreamEvent& event : stream) {
      for (; clock < event.clock; clock += Duration(1)) {
        more.push_back(ClockMove(clock));
      }
      clock = event.clock;
      more.push_back(event);
    }
    const auto expected = Plainly(rules, stream);
    detections += expected.size();
    EXPECT_EQ(Plainly(rules, more), expected) << Describe(stream);
  });
  ExpectMore(detections, kEnough);
}

// Each customer's detections, since engines do not take turns in time.
std::map<std::string, std::vector<std::string>> ByCustomer(
    std::vector<std::unique_ptr<Rig>>* rigs) {
  std::map<std::string, std::vector<std::string>> all;
  for (const auto& rig : *rigs) {
    for (const Detection& one : rig->Detections()) {
      all[one.customer].push_back(ToJson(one));
    }
  }
  return all;
}

TEST(Determinism, ShardsMakeNoDifference) {
  const auto rules = RuleList(kEveryKind);
  std::size_t detections = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    const Stream stream = AStream(seed);
    std::map<std::string, std::vector<std::string>> whole;
    for (const std::size_t shards : {1, 2, 3, 16}) {
      std::vector<std::unique_ptr<Rig>> rigs;
      for (std::size_t i = 0; i < shards; ++i) {
        rigs.push_back(std::make_unique<Rig>(rules));
      }
      for (const StreamEvent& event : stream) {
        if (event.name.empty()) {
          for (const auto& rig : rigs) rig->Take(event);
        } else {
          rigs[std::hash<std::string>()(event.customer) % shards]->Take(event);
        }
      }
      for (const auto& rig : rigs) {
        rig->Take(ClockMove(stream.back().clock));
      }
      auto told = ByCustomer(&rigs);
      if (shards == 1) {
        whole = std::move(told);
        for (const auto& [name, found] : whole) detections += found.size();
      } else {
        EXPECT_EQ(told, whole) << shards << " shards\n" << Describe(stream);
      }
    }
  });
  ExpectMore(detections, kEnough);
}

TEST(Determinism, AReloadThatChangesOtherRulesMakesNoDifference) {
  const auto rules = RuleList(kEveryKind);
  const auto more = RuleList(std::string(kEveryKind) + kUnrelated, rules.get());
  const auto back = RuleList(kEveryKind, more.get());
  std::size_t detections = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    const Stream stream = AStream(seed);
    Dice dice(seed);
    Rig rig(rules);
    for (const StreamEvent& event : stream) {
      if (dice.Chance(0.05)) rig.Use(dice.Chance(0.5) ? more : back);
      rig.Take(event);
    }
    const auto expected = Plainly(rules, stream);
    detections += expected.size();
    EXPECT_EQ(rig.Json(), expected) << Describe(stream);
  });
  ExpectMore(detections, kEnough);
}

TEST(Determinism, IdsAreUnique) {
  const auto rules = RuleList(kEveryKind);
  std::size_t detections = 0;
  ForSeeds(kSecondsEach / 2, [&](std::uint64_t seed) {
    Rig rig(rules);
    rig.Play(AStream(seed));
    std::set<std::string> ids;
    const std::vector<Detection> all = rig.Detections();
    for (const Detection& one : all) ids.insert(one.id);
    EXPECT_EQ(ids.size(), all.size());
    detections += all.size();
  });
  ExpectMore(detections, kEnough);
}

}  // namespace
}  // namespace premura
