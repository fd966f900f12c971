// SPDX-License-Identifier: Apache-2.0
// The engine as a whole: order, detections as events, groups, profiles, late
// events, cancellation, reloads, memory.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/signals/stream.h"

namespace premura {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NothingTold final : public DetectionSink {
 public:
  void OnDetection(Detection) override {}
  void OnCancellation(Cancellation) override {}
};

// --- Order ------------------------------------------------------------------

TEST(Engine, AllRulesTakeTheEventThenWhatTheyFoundIsToldInOrderOfIds) {
  Rig rig(RuleList(R"(
  - {id: b, title: B, detect: {event_count: {event: x, gte: 1, within: 1m}}}
  - {id: a, title: A, detect: {event_count: {event: x, gte: 1, within: 1m}}}
  - {id: c, title: C, detect: {event_count: {event: "detection:a", gte: 1, within: 1m}}}
  - {id: d, title: D, detect: {event_count: {event: ["detection:b", "detection:c"], gte: 1, within: 1m}}}
)"));
  rig.Play("ann x 10s #1");
  const std::vector<Detection> all = rig.Detections();
  std::vector<std::string> order;
  for (const Detection& one : all) order.push_back(one.rule->id);
  EXPECT_THAT(order, ElementsAre("a", "b", "c", "d", "d"));
  EXPECT_EQ(all[2].evidence[0].name, "detection:a");
  EXPECT_EQ(all[2].evidence[0].id, all[0].id);
  EXPECT_EQ(all[2].at, kStart + std::chrono::seconds(10));
}

TEST(Engine, TimersOfOneInstantFireByCustomerThenRule) {
  Rig rig(RuleList(R"(
  - {id: b, title: B, detect: {absence: {after: x, without: y, for: 1m}}}
  - {id: a, title: A, detect: {absence: {after: x, without: y, for: 1m}}}
  - {id: z, title: Z, detect: {event_count: {event: "detection:a", gte: 1, within: 1m}}}
)"));
  rig.Play(R"(
    bob x 10s #1
    ann x 10s #2
    clock 5m
  )");
  const std::vector<std::string> told = rig.Told();
  ASSERT_EQ(told.size(), 6U);
  EXPECT_EQ(told[0], "a ann @70s: 2");
  EXPECT_TRUE(told[1].starts_with("z ann @70s")) << told[1];
  EXPECT_EQ(told[2], "b ann @70s: 2");
  EXPECT_EQ(told[3], "a bob @70s: 1");
  EXPECT_TRUE(told[4].starts_with("z bob @70s")) << told[4];
  EXPECT_EQ(told[5], "b bob @70s: 1");
}

TEST(Engine, ATimerFiresBeforeTheEventThatReachesIt) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {absence: {after: x, without: y, for: 1m}}}
)"));
  rig.Play("ann x 10s #1\n ann y 70s #2");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @70s: 1"));
  rig.Play("ann x 80s #3\n ann y 139999ms #4\n clock 1h");
  EXPECT_THAT(rig.Told(), IsEmpty());
}

TEST(Engine, ATimerFiresBeforeAnEventTheRuleSeesThoughTheClockIsBehind) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {absence: {after: x, without: y, for: 1m}}}
)"));
  Stream stream = ParseStream("ann x 10s #1\n ann z 2m #2\n ann y 2m #3");
  for (StreamEvent& event : stream) event.clock = {};
  rig.Take(stream[0]);
  rig.Take(stream[1]);
  EXPECT_THAT(rig.Told(), IsEmpty()) << "the rule does not see z";
  rig.Take(stream[2]);
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @70s: 1"));
}

// --- What counts ------------------------------------------------------------

TEST(Engine, GroupsAreCountedApartAndNumbersOfOneValueAreOneGroup) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 2, within: 1m, group_by: [d.ip, port]}}}
)"));
  rig.Play(R"(
    ann x 1s d.ip=a port=1 #1
    ann x 2s d.ip=A port=1 #2
    ann x 3s d.ip=a #3
    ann x 4s d.ip=a port=null #4
    ann x 5s d.ip=a port=1.0 #5
  )");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann{d.ip=\"a\"}{port=1} @5s: 1 5"));
}

TEST(Engine, ADetectionCarriesItsGroupAsPropertiesNestedAsTheirPathsAre) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, detect: {event_count: {event: x, gte: 1, within: 1m, group_by: [d.ip, port]}}}
  - {id: b, title: B, detect: {event_count: {event: "detection:a", where: {d.ip: 10.0.0.1, port|gt: 80, d|exists: true}, gte: 2, within: 1m, group_by: [d]}}}
)"));
  rig.Play(R"(
    ann x 1s d.ip=10.0.0.1 port=443 #1
    ann x 2s d.ip=10.0.0.1 port=22 #2
    ann x 3s d.ip=10.0.0.2 port=443 #3
    ann x 4s d.ip=10.0.0.1 port=443 #4
  )");
  const std::vector<std::string> told = rig.Told();
  ASSERT_EQ(told.size(), 5U);
  EXPECT_TRUE(told.back().starts_with(R"(b ann{d={"ip":"10.0.0.1"}} @4s:)"))
      << told.back();
}

TEST(Engine, WithoutEventEveryEventCountsButNoDetection) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, detect: {event_count: {event: x, gte: 1, within: 1m}}}
  - {id: b, title: B, detect: {event_count: {gte: 3, within: 1m}}}
)"));
  rig.Play("ann x 1s #1\n ann unheard-of 2s #2\n ann detection:a 3s #3");
  EXPECT_THAT(rig.Told(), ElementsAre("a ann @1s: 1", "b ann @3s: 1 2 3"));
}

TEST(Engine, AnEventFromOutsideIsNoDetectionWhateverItsName) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, detect: {event_count: {event: x, gte: 9, within: 1m}}}
  - {id: b, title: B, detect: {event_count: {event: "detection:a", gte: 1, within: 1m}}}
)"));
  rig.Play("ann detection:a 3s #3");
  EXPECT_THAT(rig.Told(), IsEmpty());
}

TEST(Engine, SimulationFeedsOthersAndDisabledDoesNot) {
  for (const char* status : {"simulation", "disabled"}) {
    Rig rig(RuleList(fmt::format(R"(
  - {{id: a, status: {}, title: A, detect: {{event_count: {{event: x, gte: 1, within: 1m}}}}}}
  - {{id: b, title: B, detect: {{event_count: {{event: "detection:a", gte: 1, within: 1m}}}}}}
)",
                                 status)));
    rig.Play("ann x 1s #1");
    EXPECT_EQ(rig.Told().size(), status == std::string("simulation") ? 2U : 0U);
  }
}

TEST(Engine, OnlyForIsLookedAtWhenTheDetectionIsMadeAndTheEvidenceIsSpent) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, only_for: {tier: gold}, detect: {event_count: {event: x, gte: 2, within: 1m}}}
)"));
  rig.Play("ann x 1s #1");
  rig.SetProfile("ann", "tier", "\"silver\"");
  rig.Play("ann x 2s #2");
  EXPECT_THAT(rig.Told(), IsEmpty());
  rig.SetProfile("ann", "tier", "\"gold\"");
  rig.Play("ann x 3s #3");
  EXPECT_THAT(rig.Told(), IsEmpty()) << "1 and 2 are spent";
  rig.Play("ann x 4s #4");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @4s: 3 4"));
}

TEST(Engine, ConditionsReadTheProfileAsItIsAtTheEvent) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, where: {customer.tier: gold}, gte: 2, within: 1m}}}
)"));
  rig.Play("ann x 1s #1");
  rig.SetProfile("ann", "tier", "\"gold\"");
  rig.Play("ann x 2s #2\n ann x 3s #3");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @3s: 2 3"));
}

TEST(Engine, AnEventThatCompletesAndCancelsIsCancelledAfterAllItCaused) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, cancel_on: [{event: x, where: {v: 1}}, y], detect: {event_count: {event: x, gte: 1, within: 1m}}}
  - {id: b, title: B, cancel_on: ["detection:a"], detect: {event_count: {event: x, gte: 1, within: 1m}}}
)"));
  rig.Play("ann x 1s v=1 #1\n ann x 2s v=2 #2\n bob y 3s");
  EXPECT_THAT(rig.Told(),
              ElementsAre("a ann @1s: 1", "b ann @1s: 1", "cancel b ann @1s",
                          "cancel a ann @1s", "a ann @2s: 2", "b ann @2s: 2",
                          "cancel b ann @2s", "cancel a bob @3s"));
}

// Though the clock is behind the events: else whether it is taken back would
// depend on when the clock moves.
TEST(Engine, WhatWasDueBeforeACancellationComesBeforeIt) {
  const std::string rule =
      "\n  - {id: r, title: R, cancel_on: [y], detect: {absence: {after: x, "
      "without: z, for: 10s, group_by: [g]}}}\n";
  const struct {
    const char* stream;
    std::vector<std::string> told;
  } cases[] = {
      {"ann x 1s g=1 #1\n ann y 11s\n clock 1m",
       {"r ann{g=1} @11s: 1", "cancel r ann @11s"}},
      {"ann x 1s g=1 #1\n ann y 10s\n clock 1m",
       {"cancel r ann @10s", "r ann{g=1} @11s: 1"}},
      {"ann x 2s g=2 #2\n ann x 1s g=1 #1\n bob x 1s g=1 #3\n ann y 30s\n "
       "clock 1m",
       {"r ann{g=1} @11s: 1", "r ann{g=2} @12s: 2", "cancel r ann @30s",
        "r bob{g=1} @11s: 3"}},
      {"ann x 1s g=1 #1\n ann x 2s g=2 #2\n ann y 30s g=2\n clock 1m",
       {"r ann{g=2} @12s: 2", "cancel r ann @30s g=2", "r ann{g=1} @11s: 1"}},
  };
  for (const auto& c : cases) {
    Rig rig(RuleList(rule));
    Stream stream = ParseStream(c.stream);
    for (StreamEvent& event : stream) {
      if (!event.name.empty()) event.clock = {};
    }
    rig.Play(stream);
    EXPECT_EQ(rig.Told(), c.told) << c.stream;
  }
}

TEST(Engine, ACancellationNamesTheGroupThatItsEventTells) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, cancel_on: [y], detect: {event_count: {event: x, gte: 9, within: 1m, group_by: [g, h]}}}
)"));
  rig.Play("ann y 1s g=1 h=2\n ann y 2s h=2\n ann y 3s");
  EXPECT_THAT(rig.Told(),
              ElementsAre("cancel r ann @1s g=1 h=2", "cancel r ann @2s h=2",
                          "cancel r ann @3s"));
}

// --- Late events ------------------------------------------------------------

TEST(Engine, ALateEventCountsIfItStillLiesInTheWindow) {
  const std::string stream = R"(
    ann x 60s #1
    ann x 30s #2
    ann x 40s #3
    ann x 61s #4
  )";
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 3, within: 30s}}}
)"));
  rig.Play(stream);
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @61s: 3 1 4"));
  EXPECT_EQ(rig.engine().Stats().late, 1U);

  Rig ignoring(RuleList(R"(
  - {id: r, title: R, late: ignore, detect: {event_count: {event: x, gte: 3, within: 30s}}}
)"));
  ignoring.Play(stream);
  EXPECT_THAT(ignoring.Told(), IsEmpty());
  EXPECT_EQ(ignoring.engine().Stats().late, 2U);
}

TEST(Engine, ALateEventThatCompletesGivesTheNewestTimeOfTheEvidence) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 2, within: 30s}}}
)"));
  rig.Play("ann x 60s #1\n ann x 50s #2");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @1m: 2 1"));
}

TEST(Engine, ALateOpeningWhoseTimeHasComeFiresAtOnce) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {absence: {after: x, without: y, for: 1m}}}
)"));
  rig.Play("bob x 1h #1\n ann x 50m #2");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @51m: 2"));
}

// --- Sequences that look back -----------------------------------------------

TEST(Engine, ASequenceThatLooksBackKeepsThirtyTwoAttempts) {
  Rig rig(RuleList(R"(
  - id: r
    title: R
    detect:
      sequence:
        within: 1h
        steps:
          - {event: x, as: first}
          - {event: y, where: {v: $first.v}}
)"));
  std::string lines;
  for (int i = 1; i <= 34; ++i) lines += fmt::format("ann x {}s v={}\n", i, i);
  rig.Play(lines + "ann y 40s v=1\n ann y 41s v=2\n ann y 42s v=3 #y");
  EXPECT_THAT(rig.Told(), ElementsAre("r ann @42s: 3s y"));
  EXPECT_EQ(rig.engine().Stats().attempts_dropped, 2U);
}

// --- Ids --------------------------------------------------------------------

// "0001-01-01T00:00:00Z" is what some languages write for no time.
TEST(Engine, AScoresFirstSignalIsOnlyItselfHoweverOld) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {score: {signals: [{event: x, weight: 1}], half_life: 1d, gte: 6, reset_below: 1}}}
)"));
  StreamEvent old = ParseStream("ann x 0ms #1")[0];
  old.time = -std::chrono::hours(24 * 730'000);
  rig.Take(old);
  EXPECT_THAT(rig.Told(), IsEmpty());
}

TEST(Engine, AWindowKeepsTheNewestTenThousand) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {ratio: {of: y, over: [x, y], gt: 0.99999, within: 1h, min_denominator: 10000}}}
)"));
  rig.Play("ann x 0ms #first\n ann x 1ms");
  for (int i = 2; i < 10'001; ++i) rig.Play(fmt::format("ann y {}ms", i));
  EXPECT_THAT(rig.Told(), IsEmpty()) << "one x is left among 10,000";
  rig.Play("ann y 11s #last");
  EXPECT_EQ(rig.Told().size(), 1U);
  EXPECT_EQ(rig.engine().Stats().windows_cut, 2U);
}

TEST(Engine, TenThousandGroupsOfACustomerAreKept) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 2, within: 1h, group_by: [g]}}}
)"));
  const auto see = [&rig](int group, int at) {
    rig.Play(fmt::format("ann x {}ms g={}", at, group));
  };
  for (int i = 0; i < 10'000; ++i) see(i, i);
  see(500, 10'000);
  EXPECT_EQ(rig.Told().size(), 1U);
  EXPECT_EQ(rig.engine().Stats().groups_cut, 0U);
  see(10'000, 10'001);
  EXPECT_EQ(rig.engine().Stats().groups_cut, 1000U);
  see(1001, 10'002);
  EXPECT_EQ(rig.Told().size(), 1U) << "newer than all but 1,001 of them";
  see(999, 10'003);
  EXPECT_THAT(rig.Told(), IsEmpty()) << "forgotten";
  see(10'000, 10'004);
  EXPECT_EQ(rig.Told().size(), 1U);
  // What would be forgotten anyhow goes first, and not counted.
  for (int i = 0; i < 10'000; ++i) see(20'000 + i, 400'000'000 + i);
  EXPECT_EQ(rig.engine().Stats().groups_cut, 1000U);
}

// A case that no ledger takes would stop all others.
TEST(Engine, OfTheNewestEventsAllIsKeptThatThereIsRoomFor) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {value_count: {event: x, field: v, gte: 200, within: 1h}}}
)"));
  const std::string text(4'000, 'x');
  for (int i = 0; i < 200; ++i) {
    rig.Play(fmt::format("ann x {}ms v=\"{}{}\"", i, text, i));
  }
  const std::vector<Detection> detections = rig.Detections();
  ASSERT_EQ(detections.size(), 1U);
  const auto& evidence = detections[0].evidence;
  ASSERT_EQ(evidence.size(), 200U);
  std::size_t with_fields = 0;
  for (const EvidenceEvent& event : evidence) {
    EXPECT_EQ(event.name, "x");
    with_fields += event.fields.empty() ? 0 : 1;
  }
  EXPECT_EQ(with_fields, 65U);
  EXPECT_FALSE(evidence.back().fields.empty());
  EXPECT_TRUE(evidence[100].fields.empty());
}

TEST(Engine, NoTwoDetectionsShareAnIdThoughTheirInstantsAreEqual) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 1, within: 1m}}}
)"));
  rig.Play(R"(
    ann x 10s
    ann x 10s
    ann x 5s
    ann x 10s
    ann x 5s
    bob x 10s
  )");
  std::set<std::string> ids;
  for (const Detection& one : rig.Detections()) ids.insert(one.id);
  EXPECT_EQ(ids.size(), 6U);
}

// --- Reload -----------------------------------------------------------------

TEST(Engine, AnUnchangedRuleKeepsItsStateOverAReload) {
  const std::string kept = R"(
  - {id: kept, title: K, detect: {event_count: {event: x, gte: 2, within: 1m}}}
  - {id: wait, title: W, detect: {absence: {after: x, without: z, for: 1m}}}
)";
  const auto before = RuleList(kept + R"(
  - {id: changed, title: C, detect: {event_count: {event: x, gte: 2, within: 1m}}}
  - {id: gone, title: G, detect: {absence: {after: x, without: y, for: 1m}}}
)");
  const auto after = RuleList(kept + R"(
  - {id: changed, title: C, detect: {event_count: {event: x, gte: 2, within: 2m}}}
  - {id: added, title: A, detect: {event_count: {event: x, gte: 2, within: 1m}}}
)",
                              before.get());
  Rig rig(before);
  rig.Play("ann x 10s #1");
  EXPECT_EQ(rig.engine().Stats().timers, 2U);
  rig.Use(after);
  EXPECT_EQ(rig.engine().Stats().timers, 1U);
  rig.Play("ann x 20s #2\n clock 2m");
  EXPECT_THAT(rig.Told(),
              ElementsAre("kept ann @20s: 1 2", "wait ann @70s: 1"));
}

TEST(Engine, ForgettingAnOriginDropsItsCustomersAndTheirTimers) {
  Rig rig(RuleList(R"(
  - {id: r, title: R, detect: {absence: {after: x, without: y, for: 1m}}}
)"));
  rig.Play("ann x 10s #1");
  rig.engine().Forget(7);
  EXPECT_EQ(rig.engine().Stats().timers, 1U);
  rig.engine().Forget(0);
  EXPECT_EQ(rig.engine().Stats().timers, 0U);
  rig.Play("clock 1h");
  EXPECT_THAT(rig.Told(), IsEmpty());
}

// With so many rules about one name events are led to them by their values; a
// rule by itself is simply asked. Both have to come to the same.
TEST(Engine, ManyRulesOfOneNameFindWhatEachFindsByItself) {
  const std::vector<std::string> patterns = {
      "{event: x, where: {v: a}}",
      "{event: x, where: {v: A, w: 1}}",
      "{event: x, where: {v: [b, 500]}}",
      "{event: [x, y], where: {v: '500'}}",
      "{event: x, where: {w: 2}}",
      "{event: x, where: {w: [1, 2], v|neq: a}}",
      "{event: x, where: {w: '3'}}",
      "{event: x, where: {w: 3.0, v|exists: false}}",
      "{event: x, where: {any_of: [{v: a}, {w: 2}]}}",
      "{event: x, where: {not: {v: a}}}",
      "x",
      "{where: {v: true}}",
  };
  const auto rule = [&](std::size_t i, const char* more) {
    return fmt::format(
        "  - {{id: r{:02}, title: T, detect: {{sequence: {{steps: [{}, {}], "
        "within: 1m{}}}}}}}\n",
        i, patterns[i], patterns[(i + 5) % patterns.size()], more);
  };
  std::string events;
  for (int i = 0; i < 400; ++i) {
    static constexpr const char* kV[] = {"",       " v=a",   " v=A",   " v=b",
                                         " v=500", " v=5e2", " v=true"};
    static constexpr const char* kW[] = {"", " w=1", " w=2", " w=3"};
    events += fmt::format("ann {} {}s{}{}\n", i % 5 == 0 ? "y" : "x", 7 * i,
                          kV[i * i % 7], kW[i / 3 % 4]);
  }
  for (const char* more : {"", ", unless: {event: x, where: {v: b, w: 2}}"}) {
    std::string all;
    std::vector<std::string> alone;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      all += rule(i, more);
      Rig rig(RuleList(rule(i, more)));
      rig.Play(events);
      for (std::string& told : rig.Told()) alone.push_back(std::move(told));
    }
    Rig rig(RuleList(all));
    rig.Play(events);
    EXPECT_GT(alone.size(), 100U);
    EXPECT_THAT(rig.Told(), testing::UnorderedElementsAreArray(alone));
  }
}

// --- Memory -----------------------------------------------------------------

TEST(Engine, CustomersThatAreIdleLeaveMemory) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, detect: {event_count: {event: x, gte: 9, within: 10m}}}
  - {id: b, title: B, detect: {value_count: {event: x, field: v, gte: 9, within: 10m}}}
  - {id: c, title: C, detect: {absence: {after: x, without: y, for: 10m}}}
  - {id: d, title: D, detect: {sequence: {within: 10m, steps: [x, y]}}}
  - {id: e, title: E, detect: {flapping: {turned_on: p, turned_off: q, gte: 9, within: 10m}}}
)"));
  for (int i = 0; i < 1000; ++i) {
    rig.Play(fmt::format("c{} x 10s v=1", i));
  }
  EXPECT_EQ(rig.engine().Stats().customers, 1000U);
  rig.Play("clock 1h");
  EXPECT_EQ(rig.engine().Stats().customers, 1000U);
  EXPECT_EQ(rig.Told().size(), 1000U);
  rig.Play("clock 26h");
  EXPECT_EQ(rig.engine().Stats().customers, 0U);
  EXPECT_EQ(rig.engine().Stats().timers, 0U);
}

TEST(Engine, WhatARuleMustNotForgetStays) {
  Rig rig(RuleList(R"(
  - {id: few, title: F, detect: {event_count: {event: x, lt: 2, within: 10m}}}
  - {id: flip, title: G, detect: {flapping: {turned_on: p, turned_off: q, gte: 1, within: 10m}}}
)"));
  rig.Play("ann x 10s #1\n ann p 10s #2\n clock 90d");
  EXPECT_THAT(rig.Told(), ElementsAre("few ann @610s:"));
  rig.Play("ann x 90d #3\n ann q 90d #4\n clock 100d");
  EXPECT_THAT(rig.Told(), ElementsAre("flip ann @90d: 4"))
      << "one x is too few to arm `few` again; p to q is a flip";
}

// Until each partition has been read, the clock is as far back as it goes.
TEST(Engine, AClockThatComesFromAfarIsNotWalkedDayByDay) {
  const auto rules = RuleList(R"(
  - {id: r, title: R, detect: {event_count: {event: x, gte: 2, within: 10m}}}
)");
  ProfileStore profiles;
  NothingTold sink;
  const auto engine = NewEngine(rules, &profiles, &sink);
  Event event;
  event.name = "x";
  event.name_id = rules->symbols().names.Find("x");
  event.time = kStart;
  event.clock = Timestamp::min();
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(fmt::format("c{}", i));
  for (const std::string& name : names) {
    event.customer = name;
    engine->Take(event);
  }
  engine->Advance(kStart);  // Would not come back.
  EXPECT_EQ(engine->Stats().customers, 1000U);
  engine->Advance(kStart + std::chrono::hours(48));
  EXPECT_EQ(engine->Stats().customers, 0U);
}

TEST(Engine, ForgettingDoesNotDependOnWhenTheClockIsLookedAt) {
  const auto rules = RuleList(R"(
  - {id: r, title: R, detect: {sequence: {within: 10m, steps: [x, y]}}}
)");
  Rig often(rules);
  Rig once(rules);
  often.Play("ann x 10s #1");
  once.Play("ann x 10s #1");
  for (int i = 1; i < 48; ++i) often.Play(fmt::format("clock {}h", i));
  for (Rig* rig : {&often, &once}) {
    rig->Play("ann x 48h #2\n ann x 47h #3\n ann y 2881m #4");
  }
  EXPECT_EQ(often.Told(), once.Told());
}

}  // namespace
}  // namespace premura
