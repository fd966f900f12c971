// SPDX-License-Identifier: Apache-2.0
// What comes while a cell's state is being loaded.

#include "signals/shard.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "signals/cell.h"
#include "tests/signals/stream.h"

namespace premura {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr CellId kCell = {.number = 0, .life = 1};

bool All(std::string_view /*customer*/) { return true; }

EventBatch One(const RuleSet& rules, const std::string& name,
               const std::string& customer, Duration at) {
  Event event;
  event.name = name;
  event.name_id = rules.symbols().names.Find(name);
  event.customer = customer;
  event.time = event.clock = kStart + at;
  EventBatch batch;
  batch.Add(event);
  return batch;
}

EventBatch ClockAt(Duration at) {
  EventBatch batch;
  batch.AddClock(kStart + at);
  return batch;
}

class Found final : public OutputSink {
 public:
  void Submit(ShardOutput output, std::function<void()> durable) override {
    for (Detection& it : output.detections) ids.push_back(it.rule->id);
    durable();
  }
  std::vector<std::string> ids;
};

struct Outcome {
  std::vector<std::string> ids;
  EngineStats stats;
};

enum class First { kOwn, kCustomers };

// Loads the cell, in that order, and has it take `last`; `reload`: between the
// two the same rules and bounds come once more.
Outcome LoadAndTake(const std::shared_ptr<const RuleSet>& rules,
                    const SelfPreservation& bounds, ProfileStore* profiles,
                    const CellRecords& saved, First first, bool reload,
                    EventBatch last, Stall stall = Stall::kNone) {
  Found found;
  const auto shard = NewShard(1, 16, rules, profiles, &found);
  shard->Use(bounds);
  shard->Open(kCell, {All, true});
  shard->Set(0, stall);
  for (const bool own : {first == First::kOwn, first != First::kOwn}) {
    if (own) {
      shard->LoadOwn(kCell, saved.own, 1);
    } else {
      CheckpointRecords customers;
      saved.customers.ForEach([&](RecordKind kind, std::string_view customer,
                                  std::string_view record) {
        customers.Add(kind, customer, record);
      });
      shard->Load(kCell, std::move(customers));
    }
    if (!reload || own != (first == First::kOwn)) continue;
    shard->Use(rules, std::make_shared<const std::vector<std::string>>());
    shard->Use(bounds);
  }
  std::promise<Status> loaded;
  shard->EndLoading(kCell, [&](Status status) { loaded.set_value(status); });
  EXPECT_TRUE(loaded.get_future().get().ok());
  shard->Begin(kCell);
  shard->Take(kCell, 0, std::move(last));
  std::promise<void> reached;
  shard->Mark([&] { reached.set_value(); });
  reached.get_future().wait();
  return {found.ids, shard->Stats().at(0)};
}

// The first rule looks at customers as soon as it is put to use.
TEST(Shard, EachCustomerIsOneThoughNewRulesComeMeanwhile) {
  const auto rules = RuleList(R"(
  - {id: ends, title: Ends, detect: {deadline: {field: end, before: 7d}}}
  - {id: thrice, title: Thrice, detect: {event_count: {event: failed, gte: 3, within: 10m}}}
)");
  ProfileStore profiles;
  profiles.ReplaceFileLayer({{"acme", {{"end", "\"2026-03-01T00:00:00Z\""}}}});
  ShardOutput output;
  Cell before(1, rules, &profiles, &output, {All, true});
  (void)before.Save(kCell);
  for (const int second : {0, 1}) {
    EventBatch batch = One(*rules, "failed", "acme", seconds(second));
    before.Take(0, &batch);
  }
  const CellRecords saved = before.Save(kCell);
  for (const bool reload : {false, true}) {
    SCOPED_TRACE(reload);
    const Outcome outcome =
        LoadAndTake(rules, {}, &profiles, saved, First::kOwn, reload,
                    One(*rules, "failed", "acme", seconds(2)));
    EXPECT_EQ(outcome.stats.customers, 1U);
    EXPECT_EQ(outcome.ids, std::vector<std::string>{"thrice"});
  }
}

// Too many were due at once to be believed.
TEST(Shard, WhatIsHeldStaysHeldThoughNewBoundsComeMeanwhile) {
  constexpr int kCustomers = 100;
  const auto rules = RuleList(R"(
  - {id: gone, title: Gone, detect: {absence: {after: opened, without: closed, for: 30m}}}
)");
  SelfPreservation bounds;
  bounds.enabled = true;
  bounds.min_customers = 10;
  ProfileStore profiles;
  ShardOutput output;
  Cell before(1, rules, &profiles, &output, {All, true});
  before.Use(bounds);
  (void)before.Save(kCell);
  for (int i = 0; i < kCustomers; ++i) {
    EventBatch batch = One(*rules, "opened", "c" + std::to_string(i), {});
    before.Take(0, &batch);
  }
  EventBatch due = ClockAt(minutes(31));
  before.Take(0, &due);
  const std::size_t held = before.Stats().held;
  ASSERT_GT(held, 0U);
  const CellRecords saved = before.Save(kCell);
  for (const bool reload : {false, true}) {
    SCOPED_TRACE(reload);
    const Outcome outcome =
        LoadAndTake(rules, bounds, &profiles, saved, First::kCustomers, reload,
                    ClockAt(minutes(32)));
    EXPECT_EQ(outcome.stats.held, held);
    EXPECT_TRUE(outcome.ids.empty());
  }
}

// Of few customers, whose source cannot be read.
TEST(Shard, WhatIsHeldForItsSourceStaysHeldOverARestart) {
  const auto rules = RuleList(R"(
  - {id: gone, title: Gone, detect: {absence: {after: opened, without: closed, for: 30m}}}
)");
  SelfPreservation bounds;
  bounds.enabled = true;
  ProfileStore profiles;
  ShardOutput output;
  Cell before(1, rules, &profiles, &output, {All, true});
  before.Use(bounds);
  before.Set(Stall::kSure);
  (void)before.Save(kCell);
  EventBatch opened = One(*rules, "opened", "acme", {});
  before.Take(0, &opened);
  EventBatch due = ClockAt(minutes(31));
  before.Take(0, &due);
  ASSERT_EQ(before.Stats().held, 1U);
  const CellRecords saved = before.Save(kCell);
  for (const bool reload : {false, true}) {
    for (const First first : {First::kOwn, First::kCustomers}) {
      const Outcome held =
          LoadAndTake(rules, bounds, &profiles, saved, first, reload,
                      ClockAt(minutes(32)), Stall::kSure);
      EXPECT_EQ(held.stats.held, 1U);
      EXPECT_TRUE(held.ids.empty());
      const Outcome flows = LoadAndTake(rules, bounds, &profiles, saved, first,
                                        reload, ClockAt(minutes(32)));
      EXPECT_EQ(flows.ids, std::vector<std::string>{"gone"});
    }
  }
}

}  // namespace
}  // namespace premura
