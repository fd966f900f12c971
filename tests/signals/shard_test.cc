// SPDX-License-Identifier: Apache-2.0
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

using std::chrono::seconds;

constexpr CellId kCell = {.number = 0, .life = 1};
// The first looks at customers as soon as it is put to use, for what it knows
// of their dates.
constexpr char kRules[] = R"(
  - {id: ends, title: Ends, detect: {deadline: {field: end, before: 7d}}}
  - {id: thrice, title: Thrice, detect: {event_count: {event: failed, gte: 3, within: 10m}}}
)";

bool All(std::string_view /*customer*/) { return true; }

EventBatch FailedAt(const RuleSet& rules, int second) {
  Event event;
  event.name = "failed";
  event.name_id = rules.symbols().names.Find(event.name);
  event.customer = "acme";
  event.time = event.clock =
      *ParseInstant("2026-01-02T00:00:00Z") + seconds(second);
  EventBatch batch;
  batch.Add(event);
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

// Whether or not new rules come while a cell's state does, each customer is
// one.
TEST(Shard, ACellTakesNewRulesOnceAllOfItIsThere) {
  const auto rules = RuleList(kRules);
  ProfileStore profiles;
  profiles.ReplaceFileLayer({{"acme", {{"end", "\"2026-03-01T00:00:00Z\""}}}});
  ShardOutput output;
  Cell before(1, rules, &profiles, &output, {All, true});
  (void)before.Save(kCell);
  for (const int second : {0, 1}) {
    EventBatch batch = FailedAt(*rules, second);
    before.Take(0, &batch);
  }
  CellRecords saved = before.Save(kCell);

  for (const bool reload : {false, true}) {
    SCOPED_TRACE(reload);
    Found found;
    const auto shard = NewShard(1, 16, rules, &profiles, &found);
    shard->Open(kCell, {All, true});
    shard->LoadOwn(kCell, saved.own, 1);
    if (reload) {
      shard->Use(rules, std::make_shared<const std::vector<std::string>>());
      shard->Use(SelfPreservation());
    }
    CheckpointRecords customers;
    saved.customers.ForEach([&](RecordKind kind, std::string_view customer,
                                std::string_view record) {
      customers.Add(kind, customer, record);
    });
    shard->Load(kCell, std::move(customers));
    std::promise<Status> loaded;
    shard->EndLoading(kCell, [&](Status status) { loaded.set_value(status); });
    ASSERT_TRUE(loaded.get_future().get().ok());
    shard->Begin(kCell);
    shard->Take(kCell, 0, FailedAt(*rules, 2));
    std::promise<void> reached;
    shard->Mark([&] { reached.set_value(); });
    reached.get_future().wait();
    const std::vector<EngineStats> stats = shard->Stats();
    ASSERT_EQ(stats.size(), 1U);
    EXPECT_EQ(stats[0].customers, 1U);
    EXPECT_EQ(found.ids, std::vector<std::string>{"thrice"});
  }
}

}  // namespace
}  // namespace premura
