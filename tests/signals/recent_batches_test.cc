// SPDX-License-Identifier: Apache-2.0
// The last events of a shard: in order, within bounds, whatever the batches.

#include "signals/recent_batches.h"

#include <gtest/gtest.h>

#include <string>

namespace premura {
namespace {

// Event number n of every third customer in turn, `bytes` long.
EventBatch Batch(int first, int count, std::size_t bytes) {
  EventBatch batch;
  const std::string id(bytes, 'x');
  for (int i = first; i < first + count; ++i) {
    Event event;
    const std::string customer = "c" + std::to_string(i % 3);
    event.customer = customer;
    event.name = "a";
    event.id = id;
    event.time = Timestamp(Duration(i));
    batch.Add(event);
  }
  batch.AddClock(Timestamp(Duration(first + count)));
  return batch;
}

std::vector<int> TimesOf(const RecentBatches& recent, std::size_t most) {
  std::vector<int> times;
  for (const Event* event : recent.Of("c0", most)) {
    times.push_back(static_cast<int>(event->time.time_since_epoch().count()));
  }
  return times;
}

TEST(RecentBatches, KeepSmallAndLargeOnesInOrder) {
  RecentBatches recent(1 << 20);
  std::vector<EventBatch> spare;
  recent.Add(Batch(0, 6, 10), &spare);
  EXPECT_EQ(spare.size(), 1U) << "a small one is copied";
  recent.Add(Batch(6, 6, 20'000), &spare);
  EXPECT_EQ(spare.size(), 1U) << "a large one is kept";
  recent.Add(Batch(12, 6, 10), &spare);
  EXPECT_EQ(TimesOf(recent, 100), (std::vector<int>{0, 3, 6, 9, 12, 15}));
  EXPECT_EQ(TimesOf(recent, 2), (std::vector<int>{12, 15}));
  recent.Clear();
  EXPECT_TRUE(TimesOf(recent, 100).empty());
}

TEST(RecentBatches, StayWithinTheirBytes) {
  for (const int count : {1, 10}) {  // Small ones, and large ones.
    RecentBatches recent(1 << 20);
    std::vector<EventBatch> spare;
    for (int i = 0; i < 600; i += count) {
      recent.Add(Batch(i, count, 10'000), &spare);
    }
    const std::vector<int> times = TimesOf(recent, 1000);
    EXPECT_EQ(times.back(), 597);
    EXPECT_LT(times.size(), 45U) << count;
    EXPECT_GT(times.size(), 25U) << count;
  }
}

TEST(RecentBatches, CountWhatIsSaidOfCustomers) {
  RecentBatches recent(1 << 20);
  std::vector<EventBatch> spare;
  for (int i = 0; i < 10; ++i) {
    EventBatch batch = Batch(i, 10, 10'000);
    batch.Add(ProfileChange{"c0", {}, {{"note", std::string(400'000, 'x')}}});
    recent.Add(std::move(batch), &spare);
  }
  EXPECT_GE(spare.size(), 8U);
}

TEST(RecentBatches, GiveBackWhatHasNoEvents) {
  RecentBatches recent(100);
  std::vector<EventBatch> spare;
  for (int i = 0; i < 1000; ++i) {
    EventBatch batch;
    batch.AddClock(Timestamp(Duration(i)));
    recent.Add(std::move(batch), &spare);
  }
  EXPECT_EQ(spare.size(), 1000U);
}

}  // namespace
}  // namespace premura
