// SPDX-License-Identifier: Apache-2.0
// An engine that is written down and taken up again goes on as if nothing had
// been, whatever its rules, over any number of engines; and what is damaged is
// refused. (Each kind on its own: trial.cc.)

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/signals/every_kind.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr double kSecondsEach = 0.2;

// In a process that has seen other rules names, properties and states have
// other numbers.
std::shared_ptr<const RuleSet> Elsewhere(const std::string& rules) {
  const auto before = RuleList(
      "  - {id: y, title: Y, detect: {event_count: {event: [z, d, c], where: "
      "{w: 1}, gte: 3, within: 1m}}}\n"
      "  - {id: i1, title: Z, detect: {absence: {after: b, without: x, for: "
      "15ms, group_by: [v, g]}}}\n");
  return RuleList(rules, before.get());
}

// Now and then hours pass, so that much is forgotten; and dates are told.
Stream AStream(Dice* dice, std::vector<std::string> customers) {
  StreamShape shape;
  shape.events = 80;
  shape.customers = std::move(customers);
  shape.groups = {"x", "y"};
  shape.late = dice->Pick<double>({0, 0.1});
  shape.lateness = Duration(dice->Pick<int>({0, 20}));
  Stream stream = RandomStream(shape, dice);
  Duration leap{};
  for (StreamEvent& event : stream) {
    if (dice->Chance(0.02)) leap += minutes(dice->Roll(60 * 30));
    event.time += leap;
    event.clock += leap;
    if (event.name.empty() || !dice->Chance(0.05)) continue;
    event.name = "profile";
    const auto end = kStart + event.time + Duration(dice->Roll(60) - 20);
    event.fields = {{"end", FormatInstant(end)}};
  }
  return stream;
}

TEST(EngineRecords, RestartsMakeNoDifference) {
  const auto rules = RuleList(kEveryKind);
  const auto elsewhere = Elsewhere(kEveryKind);
  std::size_t told = 0;
  std::size_t idle = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Stream stream = AStream(&dice, {"ann", "bob", "cid"});
    Rig plain(rules);
    Rig rig(rules);
    for (const StreamEvent& event : stream) {
      if (dice.Chance(0.1)) rig.Save();
      if (dice.Chance(0.05)) {
        rig.Save();
        const std::string before = rig.Standings();
        rig.Restart(dice.Chance(0.5) ? rules : elsewhere);
        EXPECT_EQ(rig.Standings(), before);
      }
      rig.Take(event);
      plain.Take(event);
      idle += plain.engine().Stats().idle + rig.engine().Stats().idle;
    }
    rig.Save();
    plain.Save();
    EXPECT_EQ(rig.Standings(), plain.Standings());
    EXPECT_EQ(rig.Told(), plain.Told()) << Describe(stream);
    const auto json = plain.Json();
    told += json.size();
    EXPECT_EQ(rig.Json(), json) << Describe(stream);
  });
  ExpectMore(told, 1000);
  ExpectMore(idle, 100);
}

// --- Over several engines ----------------------------------------------------

using Engines = std::vector<std::unique_ptr<Rig>>;
using ByCustomer = std::map<std::string, std::vector<std::string>>;

Rig& OwnerOf(const std::string& customer, Engines* engines) {
  return *(*engines)[std::hash<std::string>()(customer) % engines->size()];
}

void Take(const StreamEvent& event, Engines* engines) {
  StreamEvent clock = event;
  clock.name.clear();
  Rig* const owner = &OwnerOf(event.customer, engines);
  for (const auto& rig : *engines)
    rig->Take(rig.get() == owner ? event : clock);
}

void Collect(Engines* engines, ByCustomer* told) {
  for (const auto& rig : *engines) {
    for (const Detection& one : rig->Detections()) {
      (*told)[one.customer].push_back(ToJson(one));
    }
  }
}

// So many new ones that take up all that these have written down.
Engines Spread(Engines* engines, std::size_t count,
               const std::shared_ptr<const RuleSet>& rules) {
  Engines next;
  while (next.size() < count) next.push_back(std::make_unique<Rig>(rules));
  for (const auto& rig : *engines) {
    rig->Save();
    for (const auto& [name, record] : rig->records().customers) {
      Rig& owner = OwnerOf(name, &next);
      EXPECT_TRUE(owner.engine().Load(name, record).ok());
      owner.records().customers[name] = record;
    }
    for (const auto& one : next) {
      EXPECT_TRUE(one->engine().LoadOwn(rig->records().own, count).ok());
    }
  }
  return next;
}

// Without dates: what profiles say is not written down by engines.
TEST(EngineRecords, TheNumberOfEnginesMakesNoDifference) {
  const auto rules = RuleList(kEveryKind);
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    Dice dice(seed);
    Stream stream = AStream(&dice, {"ann", "bob", "cid", "dee", "eve"});
    std::erase_if(stream, [](const StreamEvent& event) {
      return event.name == "profile";
    });
    Engines whole;
    whole.push_back(std::make_unique<Rig>(rules));
    Engines engines = Spread(&whole, 3, rules);
    ByCustomer told;
    ByCustomer expected;
    for (const StreamEvent& event : stream) {
      if (dice.Chance(0.05)) {
        Collect(&engines, &told);
        const auto count = static_cast<std::size_t>(1 + dice.Roll(4));
        engines = Spread(&engines, count, rules);
      }
      Take(event, &engines);
      Take(event, &whole);
    }
    Collect(&engines, &told);
    Collect(&whole, &expected);
    EXPECT_EQ(told, expected) << Describe(stream);
  });
}

// --- Other rules -------------------------------------------------------------

// As a reload does it: what is unchanged goes on, what is not begins anew.
TEST(EngineRecords, ARestartWithOtherRulesIsAReload) {
  const auto all = RuleList(kEveryKind);
  std::string less = kEveryKind;
  for (const char* gone : {"  - {id: i1", "  - {id: h2", "  - {id: k1"}) {
    const std::size_t begin = less.find(gone);
    less.erase(begin, less.find('\n', begin) + 1 - begin);
  }
  less.replace(less.find("gte: 3, within: 20ms"), 6, "gte: 2");
  const auto fewer = RuleList(less, all.get());
  const auto back = RuleList(kEveryKind, fewer.get());
  const auto less_elsewhere = Elsewhere(less);
  const auto all_elsewhere = Elsewhere(kEveryKind);
  std::uint64_t left_out = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Stream stream = AStream(&dice, {"ann", "bob"});
    Rig reloaded(all);
    Rig restarted(all);
    bool is_less = false;
    for (const StreamEvent& event : stream) {
      if (dice.Chance(0.05)) {
        is_less = !is_less;
        reloaded.Use(is_less ? fewer : back);
        restarted.Save();
        restarted.Restart(is_less ? less_elsewhere : all_elsewhere);
        left_out += restarted.engine().Stats().states_left_out;
      }
      reloaded.Take(event);
      restarted.Take(event);
    }
    EXPECT_EQ(restarted.Told(), reloaded.Told()) << Describe(stream);
    EXPECT_EQ(restarted.Json(), reloaded.Json()) << Describe(stream);
  });
  ExpectMore(left_out, 20);
}

// --- Self-preservation -------------------------------------------------------

SelfPreservation Bounds() {
  SelfPreservation bounds;
  bounds.enabled = true;
  bounds.min_customers = 3;
  bounds.within = Duration(20);
  return bounds;
}

// Whole days of customers who fall silent, many at once, while the source is
// stalled now and then.
TEST(EngineRecords, RestartsMakeNoDifferenceToWhatIsHeld) {
  const auto rules = RuleList(kEveryKind);
  std::vector<std::string> customers;
  for (int i = 0; i < 12; ++i) customers.push_back(fmt::format("c{}", i));
  std::size_t held = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Stream stream = AStream(&dice, customers);
    Rig plain(rules);
    Rig rig(rules);
    bool stalled = false;
    const auto prepare = [&stalled](Engine* engine) {
      engine->Use(Bounds());
      engine->Set(stalled ? Stall::kOfFew : Stall::kNone);
    };
    prepare(&plain.engine());
    prepare(&rig.engine());
    for (const StreamEvent& event : stream) {
      if (dice.Chance(0.1)) {
        stalled = !stalled;
        plain.engine().Set(stalled ? Stall::kOfFew : Stall::kNone);
        rig.engine().Set(stalled ? Stall::kOfFew : Stall::kNone);
      }
      if (dice.Chance(0.3)) rig.Save();
      if (dice.Chance(0.05)) {
        rig.Save();
        const std::string before = rig.Standings();
        rig.Restart(rules, prepare);
        EXPECT_EQ(rig.Standings(), before);
        EXPECT_EQ(rig.engine().Stats().held, plain.engine().Stats().held);
        held += rig.engine().Stats().held;
      }
      rig.Take(event);
      plain.Take(event);
    }
    EXPECT_EQ(rig.Told(), plain.Told()) << Describe(stream);
    EXPECT_EQ(rig.Json(), plain.Json()) << Describe(stream);
  });
  ExpectMore(held, 100);
}

// Of four engines with ten active customers each, two have twenty each.
TEST(EngineRecords, WhatIsUsualIsSpreadWithTheCustomers) {
  const auto rules = RuleList(
      "  - {id: r, title: R, detect: {absence: {after: x, without: y, for: "
      "1m}}}\n");
  std::vector<std::unique_ptr<Rig>> four;
  for (int i = 0; i < 4; ++i) {
    four.push_back(std::make_unique<Rig>(rules));
    for (int customer = 0; customer < 10; ++customer) {
      four.back()->Play(
          fmt::format("c{}-{} z 1s\n c{}-{} x 2s", i, customer, i, customer));
    }
    four.back()->Save();
  }
  SelfPreservation bounds = Bounds();
  for (const auto& [least, guards] : {std::pair(20U, true), {21U, false}}) {
    Rig one(rules);
    bounds.min_customers = least;
    one.engine().Use(bounds);
    for (const auto& rig : four) {
      EXPECT_TRUE(one.engine().LoadOwn(rig->records().own, 2).ok());
    }
    EXPECT_EQ(one.engine().Stats().guards, guards) << least;
  }
}

// --- What is told ------------------------------------------------------------

constexpr char kCount[] =
    "  - {id: r, title: R, detect: {event_count: {event: x, gte: 3, within: "
    "1h}}}\n";

TEST(EngineRecords, OnlyWhatHasChangedIsWrittenDown) {
  Rig rig(RuleList(kCount));
  rig.Play("ann x 1s #1\n bob x 2s #2\n cid other 3s");
  rig.Save();
  EXPECT_THAT(rig.records().told, UnorderedElementsAre("ann", "bob"));
  rig.Save();
  EXPECT_THAT(rig.records().told, IsEmpty());
  rig.Play("ann x 4s #3\n ann x 5s #4\n dee x 6s #5\n clock 7s");
  rig.Save();
  EXPECT_THAT(rig.records().told, UnorderedElementsAre("ann", "dee"));
  rig.Restart(RuleList(kCount));
  EXPECT_EQ(rig.engine().Stats().customers, 3U);
  EXPECT_EQ(rig.engine().Stats().clock, kStart + std::chrono::seconds(7));
  rig.Save();
  EXPECT_THAT(rig.records().told, IsEmpty());
}

TEST(EngineRecords, WhoIsForgottenIsToldOnce) {
  Rig rig(RuleList(kCount));
  rig.Play("ann x 1s #1\n bob x 2h #2");
  rig.Save();
  rig.Restart(RuleList(kCount));
  rig.Play("clock 3h");
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("ann gone"));
  rig.Play("cid x 4h #3\n clock 9h");  // Comes and goes in between.
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("bob gone"));
  rig.Play("bob x 9h #4");
  rig.Save();
  rig.Play("clock 20h\n bob x 20h #5");  // Gone, and back again.
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("bob"));
  rig.engine().Forget(0);
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("bob gone"));
  rig.Play("clock 40h");
  rig.Save();
  EXPECT_THAT(rig.records().told, IsEmpty());
}

// Of the event at one o'clock the rule was told at half past ten.
TEST(EngineRecords, WhoCameLateIsForgottenNoSooner) {
  Rig rig(RuleList(kCount));
  rig.Play("ann x 9h #1\n clock 630m");
  StreamEvent late = ParseStream("ann x 1h #2")[0];
  late.clock = minutes(630);
  rig.Take(late);
  rig.Save();
  rig.Restart(RuleList(kCount));
  rig.Play("clock 700m");
  EXPECT_EQ(rig.engine().Stats().customers, 1U);
  rig.Play("clock 800m");
  EXPECT_EQ(rig.engine().Stats().customers, 0U);
}

TEST(EngineRecords, WhoseRulesAreAllGoneIsToldOnce) {
  Rig rig(RuleList(kCount));
  rig.Play("ann x 1s #1");
  rig.Save();
  rig.Restart(RuleList(
      "  - {id: s, title: S, detect: {event_count: {event: x, gte: 3, within: "
      "1h}}}\n"));
  EXPECT_EQ(rig.engine().Stats().states_left_out, 1U);
  EXPECT_EQ(rig.engine().Stats().customers, 0U);
  rig.Save();
  EXPECT_THAT(rig.records().told, ElementsAre("ann gone"));
}

}  // namespace
}  // namespace premura
