// SPDX-License-Identifier: Apache-2.0
#include "signals/intake.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "signals/watermark.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timestamp kStart{hours(24) * 20'000};

Timestamp At(int second) { return kStart + seconds(second); }

int SecondOf(Timestamp time) {
  return time == Timestamp{} ? -1
                             : static_cast<int>((time - kStart) / seconds(1));
}

// "name@clock" for each event; clocks and profiles likewise; -1: no clock yet.
class Log final : public IntakeSink {
 public:
  void OnEvent(const Event& event) override {
    lines.push_back(fmt::format("{}@{}", event.name, SecondOf(event.clock)));
    origins.push_back(event.origin);
  }
  void OnProfile(ProfileChange change) override {
    lines.push_back("profile " + change.customer);
  }
  void OnClock(Timestamp clock) override {
    lines.push_back(fmt::format("clock {}", SecondOf(clock)));
  }
  void OnRefused(const Record& record, Refusal reason,
                 std::string_view detail) override {
    details.emplace_back(detail);
    lines.push_back(fmt::format("{} at {}", ToString(reason), record.position));
  }
  void OnDuplicate() override { lines.push_back("duplicate"); }
  void OnLate() override { lines.push_back("late"); }
  void OnFutureTime() override { lines.push_back("future"); }

  std::vector<std::string> Take() { return std::exchange(lines, {}); }

  std::vector<std::string> lines;
  std::vector<std::string> details;
  std::vector<std::uint32_t> origins;
};

class IntakeTest : public ::testing::Test {
 protected:
  void Make(const IntakeOptions& options,
            DecoderOptions decoding = {.preset = Preset::kPlain}) {
    decoder = NewEventDecoder(std::move(decoding)).value();
    decoder->Use(&symbols);
    intake = NewIntake(options, decoder.get(), &log);
  }

  void Take(const std::string& json, std::uint32_t partition = 0,
            Timestamp now = {}) {
    intake->Take({.value = json,
                  .partition = partition,
                  .position = ++position[partition]},
                 now);
  }
  // An event of that name at that second.
  void Event(const std::string& name, int second, std::uint32_t partition = 0,
             const std::string& id = "", Timestamp now = {}) {
    Take(fmt::format(R"({{"customer":"c","event":"{}","ts":{},"id":"{}"}})",
                     name, At(second).time_since_epoch().count(), id),
         partition, now);
  }

  Symbols symbols;
  Log log;
  std::unique_ptr<EventDecoder> decoder;
  std::unique_ptr<Intake> intake;
  std::map<std::uint32_t, std::int64_t> position;
};

TEST_F(IntakeTest, ClockIsTheNewestTimeLessTheLateness) {
  Make({.allowed_lateness = seconds(10)});
  Event("a", 100);
  Event("b", 95);
  Event("c", 90);
  Event("d", 89);
  Event("e", 120);
  EXPECT_THAT(log.Take(),
              ElementsAre("a@90", "b@90", "c@90", "late", "d@90", "e@110"));
  intake->Finish(std::nullopt);
  EXPECT_THAT(log.Take(), ElementsAre("clock 110"));
  intake->Finish(At(200));
  EXPECT_THAT(log.Take(), ElementsAre("clock 200"));
  intake->Finish(At(150));
  EXPECT_THAT(log.Take(), IsEmpty()) << "the clock never goes back";
  EXPECT_EQ(intake->clock(), At(200));
}

TEST_F(IntakeTest, APartitionThatWasIdleIsBehindUntilItsBacklogIsRead) {
  Make({});
  intake->AddPartition(0);
  intake->AddPartition(1);
  Event("a", 100);
  Event("b", 40, 1);
  Event("late", 20, 1);
  EXPECT_FALSE(intake->Behind()) << "the clock has waited for it";
  intake->CaughtUp(1);
  intake->Tick(At(1000));
  intake->Tick(At(1010));
  EXPECT_FALSE(intake->Behind());
  Event("b", 500, 1);
  EXPECT_TRUE(intake->Behind());
  Event("b", 949, 1);
  EXPECT_TRUE(intake->Behind());
  Event("b", 950, 1);
  EXPECT_FALSE(intake->Behind()) << "a minute is no backlog";
  Event("late", 500, 1);
  EXPECT_FALSE(intake->Behind()) << "one late event is none either";
}

TEST_F(IntakeTest, NorIsItOnceItIsReadToItsEndOrGone) {
  Make({});
  for (const bool gone : {false, true}) {
    Event("a", 100);
    intake->CaughtUp(0);
    intake->Tick(At(1000));
    intake->Tick(At(1010));
    Event("b", 500);
    EXPECT_TRUE(intake->Behind());
    if (gone) {
      intake->RemovePartition(0);
    } else {
      intake->CaughtUp(0);
    }
    EXPECT_FALSE(intake->Behind());
  }
}

TEST_F(IntakeTest, NeitherNobodysNorRefusedNorDuplicatesMoveTheClock) {
  Make({});
  Event("a", 100, 0, "1");
  Take(R"({"event":"x","ts":"2025-01-01T00:00:00Z"})");
  Take("{");
  Event("b", 500, 0, "1");
  Event("c", 100);
  EXPECT_THAT(log.Take(),
              ElementsAre("a@100", "no_customer at 2", "broken_json at 3",
                          "duplicate", "c@100"));
}

TEST_F(IntakeTest, DuplicatesCountAgainWhenTheWindowHasPassed) {
  Make({.dedup_window = seconds(60)});
  Event("a", 0, 0, "1");
  Event("b", 59);
  Event("again", 59, 0, "1");
  EXPECT_EQ(intake->Remembered(), 1u);
  Event("c", 60);
  Event("new", 60, 0, "1");
  Event("again", 60, 0, "1");
  Take(R"({"customer":"other","event":"d","id":"1","ts":)" +
       std::to_string(At(60).time_since_epoch().count()) + "}");
  EXPECT_THAT(log.Take(), ElementsAre("a@0", "b@59", "duplicate", "c@60",
                                      "new@60", "duplicate", "d@60"));
}

TEST_F(IntakeTest, EventsOfAPartitionThatComesBackAreNoDuplicates) {
  Make({});
  intake->AddPartition(0);
  Event("a", 0, 0, "1");
  intake->RemovePartition(0);
  intake->AddPartition(0);
  Event("a", 0, 0, "1");
  EXPECT_THAT(log.Take(), ElementsAre("a@0", "clock 0", "a@0"));
}

TEST_F(IntakeTest, EqualEventsWithoutAnIdAreTwo) {
  Make({});
  Event("a", 0);
  Event("a", 0);
  EXPECT_THAT(log.Take(), ElementsAre("a@0", "a@0"));
}

TEST_F(IntakeTest, WithoutAWindowNothingIsADuplicate) {
  Make({.dedup_window = seconds(0)});
  Event("a", 0, 0, "1");
  Event("a", 0, 0, "1");
  EXPECT_THAT(log.Take(), ElementsAre("a@0", "a@0"));
}

TEST_F(IntakeTest, FarFutureIsRefused) {
  Make({.future_cap = seconds(300)});
  Event("a", 0, 0, "", At(0));
  Event("b", 300, 0, "", At(0));
  Event("c", 301, 0, "", At(0));
  EXPECT_THAT(log.Take(),
              ElementsAre("a@0", "b@300", "future", "future_time at 3"));
  EXPECT_THAT(log.details,
              ElementsAre("2024-10-04T00:05:01.000Z is still to come"));
}

TEST_F(IntakeTest, WhatAnEventOfTheFutureSaysOfACustomerIsTakenAtOnce) {
  Make({.reorder = seconds(5), .future_cap = seconds(300)},
       {.preset = Preset::kSegment});
  const std::string consent =
      R"({"type":"identify","userId":"u","timestamp":")" +
      FormatInstant(At(301)) + R"(","traits":{"consent":{"email":false}}})";
  Take(consent, 0, At(0));
  EXPECT_THAT(log.Take(), ElementsAre("future", "profile u"));
  intake->Finish(std::nullopt);
  EXPECT_EQ(intake->clock(), Timestamp{}) << "it does not move the clock";
}

TEST_F(IntakeTest, ProfilesMoveTheClockBeforeTheyAreTaken) {
  Make({}, {.preset = Preset::kSegment});
  Take(R"({"type":"identify","userId":"u","timestamp":")" +
       FormatInstant(At(5)) + R"(","traits":{"a":1}})");
  EXPECT_THAT(log.Take(), ElementsAre("clock 5", "profile u"));
}

TEST_F(IntakeTest, SlowestPartitionHoldsTheClock) {
  Make({});
  intake->AddPartition(0);
  intake->AddPartition(1);
  Event("a", 100, 0);
  EXPECT_THAT(log.Take(), ElementsAre("a@-1")) << "1 may hold anything";
  Event("b", 50, 1);
  Event("c", 200, 0);
  Event("d", 150, 1);
  EXPECT_THAT(log.Take(), ElementsAre("b@50", "c@50", "d@150"));
  EXPECT_THAT(log.origins, ElementsAre(0, 1, 0, 1));
  Event("e", 140, 1);
  EXPECT_THAT(log.Take(), ElementsAre("late", "e@150"));
  intake->RemovePartition(1);
  EXPECT_THAT(log.Take(), ElementsAre("clock 200"));
  intake->AddPartition(2);
  Event("f", 10, 2);
  EXPECT_THAT(log.Take(), ElementsAre("f@200")) << "never back";
}

TEST_F(IntakeTest, PartitionAtItsEndWithoutEventsHoldsNothing) {
  Make({});
  intake->AddPartition(0);
  intake->AddPartition(1);
  Event("a", 100, 0);
  intake->CaughtUp(1);
  EXPECT_THAT(log.Take(), ElementsAre("a@-1", "clock 100"));
}

TEST_F(IntakeTest, IdlePartitionsFollowTheWallClockOnlyWhileCaughtUp) {
  Make({.allowed_lateness = seconds(5)});
  intake->AddPartition(0);
  Event("a", 100, 0);
  for (int second = 100; second < 200; ++second) intake->Tick(At(second));
  EXPECT_THAT(log.Take(), ElementsAre("a@95", "clock 95")) << "not caught up";
  intake->CaughtUp(0);
  intake->Tick(At(200));
  intake->Tick(At(209));
  EXPECT_THAT(log.Take(), IsEmpty());
  intake->Tick(At(210));
  intake->Tick(At(211));
  EXPECT_THAT(log.Take(), ElementsAre("clock 205", "clock 206"));
  Event("b", 205, 0);
  intake->Tick(At(230));
  EXPECT_THAT(log.Take(), ElementsAre("late", "b@206")) << "no longer idle";
  intake->CaughtUp(0);
  intake->Tick(At(240));
  intake->Tick(At(220));
  intake->Tick(At(229));
  EXPECT_THAT(log.Take(), IsEmpty()) << "the wall clock was set back";
  intake->Tick(At(240));
  EXPECT_THAT(log.Take(), ElementsAre("clock 235"));
}

TEST_F(IntakeTest, DuplicatesBeforeTheClockBeginsAreFound) {
  Make({});
  intake->AddPartition(0);
  intake->AddPartition(1);
  Event("a", 100, 0, "1");
  intake->CaughtUp(1);
  Event("a", 100, 0, "1");
  EXPECT_THAT(log.Take(), ElementsAre("a@-1", "clock 100", "duplicate"));
}

// --- Reordering --------------------------------------------------------------

TEST_F(IntakeTest, ReorderTakesEventsInOrderOfTimeThenArrival) {
  Make({.reorder = seconds(10)});
  Event("a", 100);
  Event("c", 102);
  Event("b", 101);
  Event("d", 102);
  EXPECT_THAT(log.Take(), IsEmpty());
  Event("e", 112);
  EXPECT_THAT(log.Take(), ElementsAre("a@100", "b@101", "c@102", "d@102"));
  Event("f", 102);
  EXPECT_THAT(log.Take(), ElementsAre("f@102")) << "exactly D late: in time";
  Event("g", 101);
  EXPECT_THAT(log.Take(), ElementsAre("late", "g@102"));
  intake->Finish(std::nullopt);
  EXPECT_THAT(log.Take(), ElementsAre("e@112", "clock 112"));
}

TEST_F(IntakeTest, ReorderWithinDMakesNoDifference) {
  std::vector<int> seconds_of(40);
  for (int i = 0; i < 40; ++i) seconds_of[static_cast<std::size_t>(i)] = i;
  std::vector<std::string> expected;
  for (unsigned seed = 0; seed < 50; ++seed) {
    // Each event at most 5 s out of place.
    std::vector<int> shuffled = seconds_of;
    for (std::size_t i = 0; i < shuffled.size(); i += 6) {
      const auto begin = shuffled.begin() + static_cast<std::ptrdiff_t>(i);
      const auto end =
          shuffled.begin() + static_cast<std::ptrdiff_t>(
                                 std::min<std::size_t>(i + 6, shuffled.size()));
      std::rotate(begin, begin + (seed + i) % (end - begin), end);
      if (seed % 2 == 1) std::reverse(begin, end);
    }
    Make({.allowed_lateness = seconds(1), .reorder = seconds(5)});
    position.clear();
    for (const int second : shuffled) {
      Event("e" + std::to_string(second), second, 0, std::to_string(second));
    }
    intake->Finish(std::nullopt);
    const std::vector<std::string> lines = log.Take();
    if (expected.empty()) expected = lines;
    ASSERT_EQ(lines, expected) << seed;
    ASSERT_EQ(lines.size(), 41u);
  }
}

TEST_F(IntakeTest, ReorderSaysUpToWhereItHasHandedOn) {
  DecoderOptions decoding{.preset = Preset::kPlain};
  Make({.reorder = seconds(10)}, decoding);
  EXPECT_THAT(intake->HandedOn(), IsEmpty());
  Event("a", 100);  // Position 1.
  Event("b", 95);   // 2
  Take("{");        // 3
  Take(fmt::format(
      R"([{{"customer":"c","event":"x","ts":{}}},{{"customer":"c","event":"y","ts":{}}}])",
      At(99).time_since_epoch().count(), At(108).time_since_epoch().count()));
  EXPECT_THAT(intake->HandedOn(), ElementsAre(std::pair(0u, 1)));
  log.Take();
  Event("c", 107);  // 5: lets b go, not a.
  EXPECT_THAT(log.Take(), IsEmpty());
  Event("d", 109);  // 6: lets x go.
  EXPECT_THAT(log.Take(), ElementsAre("x@99"));
  EXPECT_THAT(intake->HandedOn(), ElementsAre(std::pair(0u, 1)));
  Event("e", 110);  // 7: lets a go; y of record 4 is still held.
  EXPECT_THAT(log.Take(), ElementsAre("a@100"));
  EXPECT_THAT(intake->HandedOn(), ElementsAre(std::pair(0u, 4)));
  intake->Finish(std::nullopt);
  EXPECT_THAT(intake->HandedOn(), ElementsAre(std::pair(0u, 8)));
}

TEST_F(IntakeTest, ReorderGivesUpWhatItHoldsOfAPartitionTakenAway) {
  Make({.reorder = seconds(10)});
  intake->AddPartition(0);
  intake->AddPartition(1);
  Event("a", 100, 0);
  Event("b", 100, 1);
  intake->RemovePartition(1);
  EXPECT_THAT(intake->HandedOn(), ElementsAre(std::pair(0u, 1)));
  intake->Finish(std::nullopt);
  EXPECT_THAT(log.Take(), ElementsAre("a@100", "clock 100"));
}

TEST_F(IntakeTest, ReorderHandsOnWhatItHoldsWhenTheSourceIsIdle) {
  Make({.allowed_lateness = seconds(1), .reorder = seconds(5)});
  intake->AddPartition(0);
  Event("a", 100, 0);
  intake->CaughtUp(0);
  intake->Tick(At(101));
  EXPECT_THAT(log.Take(), IsEmpty());
  intake->Tick(At(111));
  EXPECT_THAT(log.Take(), ElementsAre("a@99", "clock 105"));
}

TEST_F(IntakeTest, ReorderHoldsNoFarFuture) {
  Make({.reorder = seconds(5), .future_cap = seconds(300)});
  Event("a", 100, 0, "", At(100));
  Event("z", 9000, 0, "", At(100));
  EXPECT_THAT(log.Take(), ElementsAre("future", "future_time at 2"));
  intake->Finish(std::nullopt);
  EXPECT_THAT(log.Take(), ElementsAre("a@100", "clock 100"));
}

TEST_F(IntakeTest, ReorderFindsDuplicatesInOrderOfTime) {
  Make({.reorder = seconds(10)});
  Event("second", 101, 0, "1");
  Event("first", 100, 0, "1");
  intake->Finish(std::nullopt);
  EXPECT_THAT(log.Take(), ElementsAre("first@100", "duplicate", "clock 100"));
}

}  // namespace
}  // namespace premura
