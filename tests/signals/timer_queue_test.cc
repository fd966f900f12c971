// SPDX-License-Identifier: Apache-2.0

#include "signals/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>

namespace premura {
namespace {

TEST(TimerQueue, GivesEntriesInOrderOfTimeThenCustomerThenRule) {
  Customer ann;
  ann.name = "ann";
  Customer bob;
  bob.name = "bob";
  TimerQueue queue;
  // Slot 0 belongs to the rule that comes last.
  queue.Rebuild({2, 0, 1}, {});
  std::mt19937 random(1);
  using Key = std::tuple<Timestamp, std::string, std::uint32_t>;
  std::vector<Key> expected;
  const std::uint32_t ranks[] = {2, 0, 1};
  for (int i = 0; i < 2000; ++i) {
    const Timestamp due(Duration(static_cast<int>(random() % 50)));
    Customer* customer = random() % 2 == 0 ? &ann : &bob;
    const std::uint64_t slot = random() % 3;
    queue.Push({due, customer, slot << 32});
    expected.emplace_back(due, customer->name, ranks[slot]);
  }
  std::sort(expected.begin(), expected.end());
  for (const Key& key : expected) {
    const TimerQueue::Entry& top = queue.top();
    EXPECT_EQ(Key(top.due, top.customer->name, ranks[top.key >> 32]), key);
    queue.Pop();
  }
  EXPECT_TRUE(queue.empty());
}

TEST(TimerQueue, RebuildDropsWhatIsNotToBeKept) {
  Customer ann;
  TimerQueue queue;
  queue.Rebuild({0, 1}, {});
  for (int i = 0; i < 10; ++i) {
    queue.Push({Timestamp(Duration(i)), &ann,
                static_cast<std::uint64_t>(i % 2) << 32});
  }
  queue.Rebuild({0, 1}, [](const TimerQueue::Entry& entry) {
    return (entry.key >> 32) == 1;
  });
  EXPECT_EQ(queue.size(), 5U);
  EXPECT_EQ(queue.top().due, Timestamp(Duration(1)));
}

}  // namespace
}  // namespace premura
