// SPDX-License-Identifier: Apache-2.0
// What a standing promises, the engine then does: random streams are carried on
// as it says, up to the instant it names and beyond.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "signals/detector.h"
#include "tests/signals/stream.h"
#include "tests/signals/trial.h"

namespace premura {
namespace {

using Measure = Standing::Measure;
using Phase = Standing::Phase;

// One standing after a stream, and ways to carry the stream on.
class Future {
 public:
  Future(std::shared_ptr<const RuleSet> rules, const Stream& past,
         const TrackStanding& track, Timestamp clock)
      : rules_(std::move(rules)),
        past_(past),
        track_(track),
        clock_(clock),
        now_(std::max(clock, track.newest)) {}

  const Standing& standing() const { return track_.standing; }
  Timestamp now() const { return now_; }

  // Starts again from the end of the past.
  void Begin() {
    rig_ = std::make_unique<Rig>(rules_);
    rig_->Play(past_);
    rig_->Detections();
    moved_ = clock_;
  }
  void Advance(Timestamp clock) {
    moved_ = std::max(moved_, clock);
    rig_->engine().Advance(moved_);
  }
  // An event of the pattern; each has another value, unless one is given.
  void Give(const Pattern& pattern, Timestamp time, const std::string& v = "") {
    StreamEvent event;
    event.customer = "ann";
    event.name = pattern.names.empty()
                     ? "a"
                     : rules_->symbols().names.Text(pattern.names.back());
    event.time = time - kStart;
    moved_ = std::max(moved_, time - (now_ - clock_));
    event.clock = moved_ - kStart;
    event.fields.emplace_back("v", v.empty() ? fmt::format("{}", ++fresh_) : v);
    for (const auto& [path, json] : track_.group) {
      event.fields.emplace_back(path, json.substr(1, json.size() - 2));
    }
    rig_->Take(event);
  }
  // When this customer and group fired since.
  std::vector<Timestamp> Fired() {
    std::vector<Timestamp> fired;
    for (const Detection& one : rig_->Detections()) {
      if (one.group == track_.group) fired.push_back(one.at);
    }
    return fired;
  }
  TrackStanding Again() const {
    const CustomerStanding told = rig_->engine().Explain("ann");
    for (const TrackStanding& one : told.standings.front().tracks) {
      if (one.group == track_.group) return one;
    }
    return {};
  }

 private:
  const std::shared_ptr<const RuleSet> rules_;
  const Stream& past_;
  const TrackStanding track_;
  const Timestamp clock_;
  const Timestamp now_;
  Timestamp moved_{};
  int fresh_ = 1000;
  std::unique_ptr<Rig> rig_;
};

using Times = std::vector<Timestamp>;

struct Tally {
  std::size_t timed = 0;
  std::size_t more = 0;
  std::size_t too_late = 0;
  std::size_t number = 0;
  std::size_t from = 0;
};

// By the clock: at that instant and no other.
void CheckClock(Future* future, Tally* tally) {
  const Timestamp at = future->standing().fires_at;
  future->Begin();
  if (at == kNever) {
    future->Advance(future->now() + std::chrono::hours(1));
    EXPECT_EQ(future->Fired(), Times{});
    return;
  }
  ++tally->timed;
  EXPECT_EQ(future->standing().phase, Phase::kTimed);
  future->Advance(at - Duration(1));
  EXPECT_EQ(future->Fired(), Times{});
  future->Advance(at);
  EXPECT_EQ(future->Fired(), Times{at});
}

// `more` events just before `until`, or at `until`, one too late.
void CheckMore(Future* future, Dice* dice, Tally* tally) {
  const Standing& standing = future->standing();
  if (standing.more == 0 || standing.phase == Phase::kSpent) return;
  ++tally->more;
  const Pattern& pattern = *dice->Pick(standing.awaits);
  const Timestamp end = std::min(standing.until, standing.fires_at);
  const Timestamp last = end == kNever
                             ? future->now() + Duration(dice->Roll(50))
                             : end - Duration(1);
  ASSERT_GE(last, future->now());
  future->Begin();
  for (int i = 1; i < standing.more; ++i) future->Give(pattern, last);
  EXPECT_EQ(future->Fired(), Times{}) << "one fewer";
  future->Give(pattern, last);
  EXPECT_EQ(future->Fired(), Times{last}) << "just in time";

  const bool exact = standing.measure != Measure::kShare &&
                     standing.measure != Measure::kRate &&
                     standing.measure != Measure::kFigure;
  if (!exact || standing.until == kNever) return;
  if (standing.fires_at <= standing.until) return;
  ++tally->too_late;
  future->Begin();
  for (int i = 1; i < standing.more; ++i) future->Give(pattern, last);
  future->Give(pattern, standing.until);
  EXPECT_EQ(future->Fired(), Times{}) << "too late";
}

void CheckNumber(Future* future, Tally* tally) {
  const std::optional<Bound>& number = future->standing().number;
  if (!number) return;
  ++tally->number;
  const Timestamp last = std::min(future->standing().until - Duration(1),
                                  future->now() + Duration(20));
  for (const double by : {-1, 0, 1}) {
    future->Begin();
    future->Give(*future->standing().awaits.front(), last,
                 fmt::format("{}", number->limit + by));
    EXPECT_EQ(future->Fired(),
              number->Holds(number->limit + by) ? Times{last} : Times{})
        << number->limit + by;
  }
}

// Before `from` nothing helps; from then on it goes on.
void CheckFrom(Future* future, Tally* tally) {
  const Standing& standing = future->standing();
  if (standing.from <= future->now() || standing.measure == Measure::kRate) {
    return;
  }
  ++tally->from;
  if (standing.awaits.empty()) {  // Any event would move it.
    future->Begin();
    future->Advance(standing.from - Duration(1));
    EXPECT_EQ(future->Again().standing.phase, Phase::kSpent);
    future->Advance(standing.from);
    EXPECT_NE(future->Again().standing.phase, Phase::kSpent);
    return;
  }
  const Pattern* pattern = standing.awaits.front();
  future->Begin();
  future->Give(*pattern, standing.from - Duration(1));
  EXPECT_EQ(future->Fired(), Times{});
  future->Begin();
  future->Give(*pattern, standing.from);
  const bool fired = future->Fired() == Times{standing.from};
  const Phase now = future->Again().standing.phase;
  EXPECT_TRUE(fired || now == Phase::kUnderWay || now == Phase::kTimed);
}

// `lt` is armed by so many more.
void CheckArming(Future* future, Tally* tally) {
  const Standing& standing = future->standing();
  if (standing.phase != Phase::kSpent || standing.more == 0) return;
  ++tally->more;
  const Timestamp last =
      standing.until == kNever ? future->now() : standing.until - Duration(1);
  future->Begin();
  for (int i = 0; i < standing.more; ++i) {
    EXPECT_EQ(future->Again().standing.phase, Phase::kSpent);
    future->Give(*standing.awaits.front(), last);
  }
  EXPECT_EQ(future->Again().standing.phase, Phase::kTimed);
}

StreamShape ShapeOf(Dice* dice) {
  StreamShape shape;
  shape.events = 1 + static_cast<std::size_t>(dice->Roll(50));
  shape.longest_step = 1 + dice->Roll(8);
  shape.values = 1 + dice->Roll(4);
  shape.late = dice->Pick<double>({0, 0.1});
  shape.lateness = Duration(dice->Pick<int>({0, 0, 5, 30}));
  shape.customers = {"ann"};
  shape.groups = {"x", "y"};
  return shape;
}

// `make` writes what stands below `detect:`. `dates`: share of events that tell
// one.
Tally CarryOn(const std::function<std::string(Dice*)>& make, double dates = 0) {
  Tally tally;
  ForSeeds(0.8, [&](std::uint64_t seed) {
    Dice dice(seed);
    StreamShape shape = ShapeOf(&dice);
    shape.dates = dates;
    const std::string detect = make(&dice);
    const Stream past = RandomStream(shape, &dice);
    const auto rules =
        RuleList("  - id: r\n    title: R\n    detect: " + detect);
    Rig rig(rules);
    rig.Play(past);
    const CustomerStanding told = rig.engine().Explain("ann");
    ASSERT_EQ(told.standings.size(), 1U);
    for (const TrackStanding& track : told.standings.front().tracks) {
      SCOPED_TRACE(detect + "\n" + Describe(past));
      Future future(rules, past, track, told.clock);
      CheckClock(&future, &tally);
      CheckMore(&future, &dice, &tally);
      CheckNumber(&future, &tally);
      CheckFrom(&future, &tally);
      CheckArming(&future, &tally);
    }
  });
  return tally;
}

std::string Counted(Dice* dice, const char* kind, const char* op) {
  const Common common(dice);
  return fmt::format("{{{}, {}: {}, within: {}ms{}}}}}{}", kind, op,
                     1 + dice->Roll(5), 1 + dice->Roll(40), common.Inside(),
                     common.Beside());
}

TEST(Standing, OfEventCount) {
  const Tally tally = CarryOn([](Dice* dice) {
    return Counted(dice, "event_count: {event: [a, b]", "gte");
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
}

TEST(Standing, OfFewerEvents) {
  const Tally tally = CarryOn([](Dice* dice) {
    return Counted(dice, "event_count: {event: [a, b]", "lt");
  });
  ExpectMore(tally.timed, 3);
  ExpectMore(tally.more, 3);
}

TEST(Standing, OfValueCount) {
  const Tally tally = CarryOn([](Dice* dice) {
    return Counted(dice, "value_count: {event: [a, b], field: v", "gte");
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
}

TEST(Standing, OfFewerValues) {
  const Tally tally = CarryOn([](Dice* dice) {
    return Counted(dice, "value_count: {event: [a, b], field: v", "lt");
  });
  ExpectMore(tally.timed, 3);
  ExpectMore(tally.more, 3);
}

TEST(Standing, OfFlapping) {
  const Tally tally = CarryOn([](Dice* dice) {
    return Counted(dice, "flapping: {event: [a, b], field: v", "gte");
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
}

TEST(Standing, OfChange) {
  const Tally tally = CarryOn([](Dice* dice) {
    return fmt::format("{{change: {{event: [a, b], field: v{}{}{}}}}}",
                       dice->Chance(0.5) ? ", within: 20ms" : "",
                       dice->Chance(0.4) ? ", from: 2" : "",
                       dice->Chance(0.4) ? ", group_by: [g]" : "");
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
}

TEST(Standing, OfNewTerm) {
  const Tally tally = CarryOn([](Dice* dice) {
    return fmt::format(
        "{{new_term: {{event: [a, b], field: v, learn: {}ms, remember: {}ms{}"
        "}}}}",
        1 + dice->Roll(150), 1 + dice->Roll(60),
        dice->Chance(0.4) ? ", group_by: [g]" : "");
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.from, 3);
}

TEST(Standing, OfSequence) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    std::string steps;
    const bool leading = dice->Chance(0.3);
    if (leading)
      steps += fmt::format("{{not: c, for: {}ms}}, ", 1 + dice->Roll(30));
    const bool one = dice->Chance(0.2);
    steps += one ? "{event: a}"
                 : fmt::format("{{event: a, times: {}}}", 1 + dice->Roll(2));
    if (!one) {
      if (dice->Chance(0.3)) steps += ", {not: d}";
      if (dice->Chance(0.3))
        steps += ", {event: c, optional: true}";
      else if (dice->Chance(0.2))
        steps += ", {event: c, next: true}";
      steps += fmt::format(", {{event: b, times: {}}}", 1 + dice->Roll(2));
    }
    if (dice->Chance(0.3)) {
      steps += fmt::format(", {{not: d, for: {}ms}}", 1 + dice->Roll(40));
    }
    return fmt::format("{{sequence: {{steps: [{}], within: {}ms{}}}}}{}", steps,
                       1 + dice->Roll(60),
                       common.grouped ? ", group_by: [g]" : "",
                       common.Beside());
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
  ExpectMore(tally.timed, 3);
  ExpectMore(tally.from, 3);
}

TEST(Standing, OfTemporal) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    return fmt::format("{{temporal: {{all: [{}], within: {}ms{}}}}}{}",
                       dice->Pick<std::string>({"a, b", "[a, b], b, c", "a, a",
                                                "[a, b], [b, c], [a, c], a"}),
                       1 + dice->Roll(40), common.Inside(), common.Beside());
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
}

TEST(Standing, OfAbsence) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    return fmt::format("{{absence: {{after: a, without: b, for: {}ms{}{}}}}}{}",
                       1 + dice->Roll(60),
                       dice->Chance(0.4) ? ", restart: true" : "",
                       common.Inside(), common.Beside());
  });
  ExpectMore(tally.timed, 3);
}

TEST(Standing, OfSilence) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    return fmt::format(
        "{{silence: {{event: [a, b], for: {}ms, min_events: {}{}}}}}{}",
        1 + dice->Roll(60), 1 + dice->Roll(4), common.Inside(),
        common.Beside());
  });
  ExpectMore(tally.timed, 3);
}

TEST(Standing, OfRatio) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    return fmt::format(
        "{{ratio: {{of: a, over: [a, b, c], {}: 0.{}, within: {}ms, "
        "min_denominator: {}{}{}}}}}{}",
        dice->Pick<std::string>({"gt", "gte", "lt", "lte"}), 1 + dice->Roll(9),
        1 + dice->Roll(60), 1 + dice->Roll(5),
        dice->Chance(0.3) ? ", for: 15ms" : "", common.Inside(),
        common.Beside());
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.timed, 3);
}

TEST(Standing, OfAggregate) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    return fmt::format(
        "{{aggregate: {{event: [a, b], field: v, fn: {}, {}: {}, within: {}ms, "
        "min_events: {}{}{}}}}}{}",
        dice->Pick<std::string>({"sum", "min", "max", "avg", "p50"}),
        dice->Pick<std::string>({"gt", "gte", "lt", "lte"}), 1 + dice->Roll(12),
        1 + dice->Roll(60), 1 + dice->Roll(3),
        dice->Chance(0.3) ? ", for: 15ms" : "", common.Inside(),
        common.Beside());
  });
  ExpectMore(tally.number, 3);
  ExpectMore(tally.timed, 3);
}

TEST(Standing, OfSpike) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    const auto direction = dice->Pick<std::string>({"up", "down", "both"});
    return fmt::format(
        "{{spike: {{event: [a, b], direction: {}, within: {}ms, reference: "
        "{}ms, factor: {}, min_reference: {}, min_current: {}{}{}}}}}{}",
        direction, 1 + dice->Roll(20), 1 + dice->Roll(40),
        dice->Pick<std::string>({"1", "1.5", "2", "3"}), 1 + dice->Roll(4),
        1 + dice->Roll(3),
        direction != "both" && dice->Chance(0.3) ? ", for: 7ms" : "",
        common.Inside(), common.Beside());
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.timed, 3);
}

TEST(Standing, OfScore) {
  const Tally tally = CarryOn([](Dice* dice) {
    const Common common(dice);
    const int gte = 1 + dice->Roll(8);
    return fmt::format(
        "{{score: {{signals: [{{event: a, weight: {}}}, {{event: b, weight: "
        "{}}}], half_life: {}ms, gte: {}, reset_below: {}{}}}}}{}",
        1 + dice->Roll(4), 0.5 + dice->Roll(3), 1 + dice->Roll(40), gte,
        gte * 0.5, common.Inside(), common.Beside());
  });
  ExpectMore(tally.more, 3);
  ExpectMore(tally.too_late, 3);
  ExpectMore(tally.from, 3);
}

TEST(Standing, OfDeadline) {
  const Tally tally = CarryOn(
      [](Dice* dice) {
        return fmt::format("{{deadline: {{field: end, {}: {}ms{}}}}}",
                           dice->Pick<std::string>({"before", "after"}),
                           1 + dice->Roll(30),
                           dice->Chance(0.4) ? ", unless: d" : "");
      },
      0.3);
  ExpectMore(tally.timed, 3);
}

}  // namespace
}  // namespace premura
