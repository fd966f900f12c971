// SPDX-License-Identifier: Apache-2.0
// The engine where a silence is not to be believed: what is held, what cancels
// it, and when and as what it goes on.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/signals/stream.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

SelfPreservation Bounds(std::size_t min_customers) {
  SelfPreservation bounds;
  bounds.enabled = true;
  bounds.min_customers = min_customers;
  return bounds;
}

// Events of customers `from` up to `to`, c000 ..
std::string Events(int from, int to, const std::string& what) {
  std::string text;
  for (int i = from; i < to; ++i) {
    text += fmt::format("c{:03} {}\n", i, what);
  }
  return text;
}

class SelfPreservationTest : public testing::Test {
 protected:
  void Begin(const std::string& rules, const SelfPreservation& bounds) {
    rules_ = RuleList(rules);
    rig_ = std::make_unique<Rig>(rules_);
    clock_ = {};
    rig_->engine().Use(bounds);
  }
  void BeginOne(const std::string& detect, const SelfPreservation& bounds) {
    Begin("\n  - {id: r, title: R, detect: " + detect + "}\n", bounds);
  }
  // The clock never goes back, from one call to the next.
  void Play(const std::string& text) {
    Stream stream = ParseStream(text);
    for (StreamEvent& event : stream) {
      event.clock = clock_ = std::max(clock_, event.clock);
    }
    rig_->Play(stream);
  }
  void Stall(bool stalled) {
    rig_->engine().Set(stalled ? premura::Stall::kOfFew
                               : premura::Stall::kNone);
  }
  void StallForSure() { rig_->engine().Set(premura::Stall::kSure); }
  std::vector<std::string> Told() { return rig_->Told(); }
  EngineStats Stats() { return rig_->engine().Stats(); }

  void Reload(const std::string& rules) {
    rules_ = RuleList("\n  - " + rules + "\n", rules_.get());
    rig_->Use(rules_);
  }

  std::unique_ptr<Rig> rig_;

 private:
  std::shared_ptr<const RuleSet> rules_;
  Duration clock_{};
};

constexpr const char* kAbsence = "{absence: {after: x, without: y, for: 1m}}";

// --- A stalled source -------------------------------------------------------

struct HeldKind {
  const char* name;
  const char* detect;
  const char* events;
  const char* told;  // Once it goes on; empty: goes on as usual.
};

class HeldKinds : public SelfPreservationTest,
                  public testing::WithParamInterface<HeldKind> {};

TEST_P(HeldKinds, WaitWhileStalledAndThenAreTheSame) {
  BeginOne(GetParam().detect, {});
  Play(GetParam().events);
  Play("clock 1h");
  const std::vector<std::string> told = Told();
  ASSERT_THAT(told, ElementsAre(GetParam().told));
  const std::vector<std::string> json = rig_->Json();

  BeginOne(GetParam().detect, Bounds(1));
  Play(GetParam().events);
  Stall(true);
  Play("clock 1h");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(Stats().held, 1U);
  EXPECT_EQ(Stats().timers, 0U);
  EXPECT_TRUE(Stats().guards);
  EXPECT_FALSE(Stats().too_many);
  Stall(false);
  EXPECT_EQ(rig_->Told(), told);
  EXPECT_EQ(rig_->Json(), json);
  EXPECT_EQ(Stats().held, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    SelfPreservation, HeldKinds,
    testing::Values(
        HeldKind{"absence", kAbsence, "ann x 10s #1", "r ann @70s: 1"},
        HeldKind{"silence", "{silence: {for: 1m}}", "ann x 10s #1",
                 "r ann @70s: 1"},
        HeldKind{"fewer", "{event_count: {event: x, lt: 1, within: 1m}}",
                 "ann x 10s #1", "r ann @70s:"},
        HeldKind{"fewer_values",
                 "{value_count: {event: x, field: v, lt: 1, within: 1m}}",
                 "ann x 10s v=1 #1", "r ann @70s:"},
        HeldKind{"trailing_not", "{sequence: {steps: [x, {not: y, for: 1m}]}}",
                 "ann x 10s #1", "r ann @70s: 1"},
        HeldKind{"spike_down",
                 "{spike: {event: x, within: 10s, reference: 10s, direction: "
                 "down, factor: 2}}",
                 "ann x 1s #1\n ann x 11s #2\n ann x 12s #3\n ann x 13s #4",
                 "r ann @22s: 4"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(SelfPreservationTest, ExplainSaysWhatIsHeld) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1");
  const auto ann = [this] {
    return rig_->engine().Explain("ann").standings.at(0).tracks.at(0);
  };
  EXPECT_FALSE(ann().held);
  Stall(true);
  Play("clock 1h");
  EXPECT_TRUE(ann().held);
  EXPECT_TRUE(ann().stalled);
  EXPECT_EQ(ann().standing.fires_at, kStart + std::chrono::seconds(70));
  Stall(false);
  EXPECT_FALSE(ann().held);
}

TEST_F(SelfPreservationTest, OtherTimersGoOnWhileStalled) {
  for (const char* detect :
       {"{ratio: {of: x, over: x, gte: 0.5, within: 1h, for: 1m}}",
        "{aggregate: {event: x, field: v, fn: max, gte: 1, within: 1h, for: "
        "1m}}"}) {
    BeginOne(detect, Bounds(1));
    Play("ann x 10s v=2 #1");
    Stall(true);
    Play("clock 1h");
    EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1")) << detect;
  }
}

TEST_F(SelfPreservationTest, IsOffUnlessAskedFor) {
  BeginOne(kAbsence, {});
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h");
  EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1"));
}

TEST_F(SelfPreservationTest, ALateClosingEventCancelsWhatIsHeld) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1\n bob x 10s #2");
  Stall(true);
  Play("clock 1h");
  EXPECT_EQ(Stats().held, 2U);
  Play("ann y 50s #3");
  EXPECT_EQ(Stats().held, 1U);
  Stall(false);
  EXPECT_THAT(Told(), ElementsAre("r bob @70s: 2"));
}

// The customer's own stream has come past it.
TEST_F(SelfPreservationTest, ALaterEventOfTheCustomerShowsThatItWasTrue) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h\n ann y 70s #2");
  EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1"));
  Stall(false);
  Play("clock 2h");
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(SelfPreservationTest, AMovedTimerIsHeldForItsNewTime) {
  BeginOne("{silence: {for: 1m}}", Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h\n ann x 40s #2\n ann x 90s #3");
  EXPECT_EQ(Stats().held, 1U);
  EXPECT_EQ(Stats().oldest_held, kStart + std::chrono::seconds(150));
  Stall(false);
  EXPECT_THAT(Told(), ElementsAre("r ann @150s: 3"));
}

// A backlog brings both an opening and, later, what closes it.
TEST_F(SelfPreservationTest, ABacklogOpensAndClosesWhileHeld) {
  BeginOne(kAbsence, Bounds(1));
  Play("zoe x 1s #0\n zoe y 2s #1");
  Stall(true);
  Play("clock 1h\n ann x 10m #2\n bob x 11m #3\n ann y 630s #4");
  EXPECT_THAT(Told(), IsEmpty());
  Stall(false);
  EXPECT_THAT(Told(), ElementsAre("r bob @12m: 3"));
}

TEST_F(SelfPreservationTest, AFewCustomersAreBelieved) {
  BeginOne(kAbsence, Bounds(3));
  Stall(true);
  Play("ann x 10s #1\n bob x 20s #2\n clock 1h");
  EXPECT_THAT(Told(), SizeIs(2));
  Play("cid x 3610s #3\n clock 2h");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_TRUE(Stats().guards);
}

TEST_F(SelfPreservationTest, NoneAreBelievedOfASourceThatIsStalledForSure) {
  BeginOne(kAbsence, Bounds(100));
  StallForSure();
  Play("ann x 10s #1\n bob x 20s #2\n clock 1h");
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(Stats().held, 2U);
  EXPECT_FALSE(Stats().too_many);
  Play("bob y 30s #3");
  Stall(true);
  EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1"));
}

// What a watch says by what it is shown, one look a line.
TEST(StallWatch, ToldByWhatIsHeardAndKnown) {
  using std::chrono::seconds;
  using enum StallWatch::Trouble;
  struct Step {
    int at;  // Seconds.
    bool heard;
    StallWatch::Trouble trouble;
    Stall expected;
  };
  constexpr Stall kFlows = Stall::kNone;
  constexpr Stall kOfFew = Stall::kOfFew;
  constexpr Stall kSure = Stall::kSure;
  StallWatch watch;
  watch.Use({.enabled = true,
             .quiet_after = seconds(100),
             .resume_after = seconds(10)});
  for (const Step& step : {
           Step{1000, true, kNone, kFlows},
           Step{1099, false, kNone, kFlows},
           Step{1100, false, kNone, kOfFew},
           Step{1101, true, kNone, kOfFew},
           Step{1110, true, kNone, kOfFew},
           Step{1111, true, kNone, kFlows},
           Step{1112, false, kBehind, kOfFew},
           Step{1113, true, kNone, kOfFew},
           Step{1123, true, kNone, kFlows},
           Step{1124, false, kUnreadable, kSure},
           Step{1130, false, kNone, kSure},
           Step{1135, false, kUnreadable, kSure},
           Step{1140, false, kBehind, kSure},
           Step{1149, false, kNone, kSure},
           Step{1150, false, kNone, kOfFew},  // Readable, and not heard yet.
           Step{1160, true, kNone, kFlows},
           Step{1170, false, kUnreadable, kSure},
           Step{900, false, kNone, kSure},  // The clock leaps back.
           Step{910, true, kNone, kFlows},
       }) {
    const Timestamp now(seconds(step.at));
    if (step.heard) watch.Heard(now);
    EXPECT_EQ(watch.Look(now, step.trouble), step.expected) << step.at;
  }
}

// Whether any rule looks at their events or not.
TEST(StallWatch, IsSureWhereThereAreEnoughCustomers) {
  using std::chrono::hours;
  using std::chrono::seconds;
  StallWatch watch;
  watch.Use({.enabled = true, .quiet_after = seconds(100), .min_customers = 3});
  const auto stall = [&watch](Timestamp now) {
    watch.Look(now);
    const Stall told = watch.Look(now + seconds(100));
    watch.Heard(now + seconds(101));
    watch.Look(now + seconds(101));
    watch.Heard(now + seconds(200));
    EXPECT_EQ(watch.Look(now + seconds(200)), Stall::kNone);
    return told;
  };
  Timestamp day{hours(24)};
  for (const char* customer : {"ann", "bob", "ann", "bob"}) {
    watch.Saw(customer, day);
  }
  EXPECT_EQ(stall(day), Stall::kOfFew);
  watch.Saw("cid", day);
  EXPECT_EQ(stall(day), Stall::kSure);
  watch.Saw("dan", day + hours(24));
  EXPECT_EQ(stall(day + hours(24)), Stall::kSure)
      << "they were there yesterday";
  watch.Saw("dan", day + hours(96));
  EXPECT_EQ(stall(day + hours(96)), Stall::kOfFew);
}

// What it went on from holds until it knows better.
TEST(StallWatch, GoesOnAsItWas) {
  using std::chrono::hours;
  using std::chrono::seconds;
  const struct {
    StallRecord was;
    Stall after_one_event;
    Stall a_minute_later;
  } cases[] = {
      {{Stall::kNone, false}, Stall::kNone, Stall::kNone},
      {{Stall::kOfFew, false}, Stall::kOfFew, Stall::kNone},
      {{Stall::kSure, false}, Stall::kSure, Stall::kNone},  // Was unreadable.
      {{Stall::kSure, true}, Stall::kSure, Stall::kNone},
      {{Stall::kNone, true}, Stall::kNone, Stall::kNone},
  };
  for (const auto& c : cases) {
    StallWatch watch;
    watch.Use({.enabled = true,
               .quiet_after = seconds(100),
               .resume_after = seconds(10)});
    watch.Resume(c.was);
    EXPECT_EQ(watch.HasEnough(), c.was.has_enough);
    const Timestamp now{hours(24)};
    watch.Heard(now);
    watch.Saw("ann", now);
    EXPECT_EQ(watch.Look(now), c.after_one_event);
    watch.Heard(now + seconds(60));
    EXPECT_EQ(watch.Look(now + seconds(60)), c.a_minute_later);
    EXPECT_EQ(watch.Look(now + seconds(160)),
              c.was.has_enough ? Stall::kSure : Stall::kOfFew)
        << "it dies before all have been heard again";
  }
}

TEST_F(SelfPreservationTest, HeldOnesGoWithTheirRuleAndTheirPartition) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h");
  EXPECT_EQ(Stats().held, 1U);
  rig_->engine().Forget(0);
  EXPECT_EQ(Stats().held, 0U);
  Play("ann x 3601s #2\n clock 2h");
  EXPECT_EQ(Stats().held, 1U);
  Reload("{id: s, title: S, detect: {silence: {for: 1m}}}");
  EXPECT_EQ(Stats().held, 0U);
  Stall(false);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(SelfPreservationTest, OnesHeldStayOverAReloadThatKeepsTheirRule) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h");
  Reload("{id: r, title: New, detect: " + std::string(kAbsence) + "}");
  Stall(false);
  EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1"));
}

TEST_F(SelfPreservationTest, TurnedOffItLetsAllGo) {
  BeginOne(kAbsence, Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h");
  rig_->engine().Use(SelfPreservation{});
  EXPECT_THAT(Told(), ElementsAre("r ann @70s: 1"));
}

TEST_F(SelfPreservationTest, CustomersOfOtherRulesDoNotWait) {
  Begin(R"(
  - {id: r, title: R, only_for: {tier: gold}, detect: {silence: {for: 1m}}}
)",
        Bounds(1));
  Play("ann x 10s #1");
  Stall(true);
  Play("clock 1h");
  EXPECT_EQ(Stats().held, 0U);
}

// --- Far more than usual ----------------------------------------------------

// Half of 200 customers stop at once: those of two dead partitions.
TEST_F(SelfPreservationTest, HalfTheCustomersAtOnceAreHeldButForTheFirst) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  Play(Events(0, 200, "x 1m"));
  for (int minute = 2; minute <= 90; minute += 8) {
    Play(Events(100, 200, fmt::format("x {}m", minute)));
  }
  EXPECT_TRUE(Stats().too_many);
  EXPECT_THAT(Told(), SizeIs(19));  // One short of a tenth.
  EXPECT_EQ(Stats().held, 81U);
  EXPECT_EQ(Stats().oldest_held, kStart + minutes(31));
}

TEST_F(SelfPreservationTest, TheirBacklogCancelsAndTheTrueOnesGo) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  Play(Events(0, 200, "x 1m"));
  for (int minute = 2; minute <= 90; minute += 8) {
    Play(Events(100, 200, fmt::format("x {}m", minute)));
  }
  Told();
  // All but three come back with what they did meanwhile.
  for (int minute = 10; minute <= 90; minute += 10) {
    Play(Events(22, 100, fmt::format("x {}m", minute)));
  }
  Play("clock 96m");
  EXPECT_THAT(Told(), ElementsAre(testing::StartsWith("r c019 @31m"),
                                  testing::StartsWith("r c020 @31m"),
                                  testing::StartsWith("r c021 @31m")));
  EXPECT_FALSE(Stats().too_many);
}

TEST_F(SelfPreservationTest, FewerCustomersThanTheBoundAreNeverTooMany) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  Play(Events(0, 99, "x 1m"));
  Play("clock 1h");
  EXPECT_THAT(Told(), SizeIs(99));
}

TEST_F(SelfPreservationTest, FiveCustomersAreNeverTooMany) {
  for (const auto& [customers, held] : {std::pair(5, 0U), std::pair(6, 1U)}) {
    BeginOne("{silence: {for: 30m}}", Bounds(1));
    Play(Events(0, customers, "x 1m"));
    Play("clock 31m");
    EXPECT_THAT(Told(), SizeIs(5)) << customers;
    EXPECT_EQ(Stats().held, held) << customers;
  }
  // Nor do they hold themselves once the stall is over.
  BeginOne("{silence: {for: 30m}}", Bounds(1));
  Play(Events(0, 5, "x 1m"));
  StallForSure();
  Play("clock 31m");
  EXPECT_EQ(Stats().held, 5U);
  Stall(false);
  Play("clock 32m");
  EXPECT_THAT(Told(), SizeIs(5));
  EXPECT_EQ(Stats().held, 0U);
}

TEST_F(SelfPreservationTest, AsManyAsUsualOneAfterTheOtherGoOn) {
  BeginOne("{silence: {for: 2h}}", Bounds(100));
  Play(Events(0, 200, "x 0s"));
  // 15 of them due in any five minutes: below a tenth.
  for (int i = 0; i < 200; ++i) {
    Play(Events(i, i + 1, fmt::format("x {}s", i * 20)));
  }
  Play("clock 5h");
  EXPECT_THAT(Told(), SizeIs(200));
}

// A day of 200 customers, `at_once` of whom stop at its first minute, the
// others one by one. How many are held half an hour later.
class ADay : public SelfPreservationTest {
 protected:
  std::size_t Spend(int day, int at_once) {
    const int start = day * 1440;
    Play(Events(0, 200, fmt::format("x {}m", start)));
    std::size_t held = 0;
    for (int minute = 1; minute <= 110; ++minute) {
      const int gone = std::max(at_once, 2 * (minute - 10));
      Play(Events(gone, 200, fmt::format("x {}m", start + minute)));
      if (minute == 31) held = Stats().held;
    }
    Play(fmt::format("clock {}m", start + 300));
    EXPECT_EQ(Stats().held, 0U);
    EXPECT_THAT(Told(), SizeIs(200));
    return held;
  }
};

TEST_F(ADay, WhatWasTheMostOfADayIsUsualForAWeek) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  EXPECT_EQ(Spend(0, 19), 0U);
  EXPECT_EQ(Spend(1, 37), 0U);
  EXPECT_EQ(Spend(9, 37), 18U);
}

TEST_F(ADay, WhatWasDoubtedIsNotUsual) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  EXPECT_EQ(Spend(0, 25), 6U);
  EXPECT_EQ(Spend(1, 25), 6U);
}

TEST_F(SelfPreservationTest, AStallThatEndsForHalfOfThemHoldsTheOthers) {
  BeginOne("{silence: {for: 30m}}", Bounds(100));
  Play(Events(0, 200, "x 1m"));
  Stall(true);
  Play("clock 2h");
  EXPECT_EQ(Stats().held, 200U);
  Play(Events(100, 200, "x 25m"));
  Play(Events(100, 200, "x 50m"));
  Play(Events(100, 200, "x 75m"));
  Play(Events(100, 200, "x 100m"));
  Play("clock 125m");
  Stall(false);
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_EQ(Stats().held, 100U);
  EXPECT_TRUE(Stats().too_many);
}

TEST_F(SelfPreservationTest, TheClockMayMoveInAnySteps) {
  std::vector<std::string> at_once;
  for (const int step : {7200, 60, 1}) {
    BeginOne("{silence: {for: 30m}}", Bounds(100));
    Play(Events(0, 150, "x 1m"));
    for (int i = 0; i < 8; ++i) {
      Play(Events(i, i + 1, fmt::format("x {}m", 20 + i)));
    }
    Play(Events(25, 150, "x 29m"));
    for (int second = 1740 + step; second <= 9000; second += step) {
      Play(fmt::format("clock {}s", second));
    }
    Play("clock 9000s");
    if (at_once.empty()) {
      at_once = Told();
      EXPECT_THAT(at_once, testing::Not(IsEmpty()));
    } else {
      EXPECT_EQ(Told(), at_once) << step;
    }
  }
}

}  // namespace
}  // namespace premura
