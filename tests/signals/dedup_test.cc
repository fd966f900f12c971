// SPDX-License-Identifier: Apache-2.0

#include "signals/dedup.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace premura {
namespace {

using std::chrono::seconds;

Timestamp At(int second) { return Timestamp(seconds(second)); }

TEST(DuplicateFilterTest, KeepsAllOfTheWindowAndNothingElse) {
  DuplicateFilter filter(seconds(100));
  const auto key = [&filter](int i) {
    return filter.KeyOf("customer-" + std::to_string(i % 7), std::to_string(i));
  };
  for (int i = 0; i < 20'000; ++i) {
    // A hundred a second.
    const Timestamp clock = At(i / 100);
    ASSERT_FALSE(filter.Seen(key(i), clock)) << i;
    filter.Remember(key(i), clock, 0);
    const int oldest = std::max(0, (i / 100 - 99) * 100);
    ASSERT_TRUE(filter.Seen(key(oldest), clock)) << i;
    if (oldest > 0) {
      ASSERT_FALSE(filter.Seen(key(oldest - 1), clock)) << i;
    }
    ASSERT_LE(filter.size(), 10'000u);
  }
}

TEST(DuplicateFilterTest, ForgetsWhatCameFromAPartition) {
  DuplicateFilter filter(seconds(100));
  for (std::uint32_t i = 0; i < 3000; ++i) {
    filter.Remember(filter.KeyOf("c", std::to_string(i)), At(0), i % 3);
  }
  filter.Drop(1);
  EXPECT_EQ(filter.size(), 2000u);
  for (std::uint32_t i = 0; i < 3000; ++i) {
    ASSERT_EQ(filter.Seen(filter.KeyOf("c", std::to_string(i)), At(0)),
              i % 3 != 1)
        << i;
  }
}

// However much has come: a piece becomes a record, and those have bounds.
TEST(DuplicateFilterTest, IsSavedInPiecesThatPutTogetherAreAllOfIt) {
  constexpr int kEvents = 500'000;
  const Duration window = seconds(kEvents);
  DuplicateFilter filter(window);
  const auto key = [&filter](int i) {
    return filter.KeyOf("c", std::to_string(i));
  };
  for (int i = 0; i < kEvents; ++i) filter.Remember(key(i), At(i), 0);
  bool whole = true;
  const std::vector<std::string> pieces = filter.Save(&whole);
  EXPECT_FALSE(whole);
  ASSERT_EQ(pieces.size(), 3U);
  DuplicateFilter other(window);
  other.Use(filter.seeds());
  for (const std::string& piece : pieces) {
    EXPECT_LT(piece.size(), 5U << 20);
    EXPECT_TRUE(other.Load(piece));
  }
  EXPECT_EQ(other.size(), filter.size());
  EXPECT_EQ(other.newest(), filter.newest());
  const Timestamp last = At(kEvents + 99);  // The first hundred are too old.
  for (const int i : {0, 99, 100, kEvents / 2, kEvents - 1}) {
    EXPECT_EQ(other.Seen(key(i), last), filter.Seen(key(i), last)) << i;
  }
  EXPECT_EQ(other.size(), filter.size());
  EXPECT_TRUE(filter.Save(&whole).empty());
}

TEST(DuplicateFilterTest, TellsCustomerFromId) {
  DuplicateFilter filter(seconds(100));
  filter.Remember(filter.KeyOf("ab", "c"), At(0), 0);
  EXPECT_TRUE(filter.Seen(filter.KeyOf("ab", "c"), At(0)));
  EXPECT_FALSE(filter.Seen(filter.KeyOf("a", "bc"), At(0)));
  EXPECT_FALSE(filter.Seen(filter.KeyOf("c", "ab"), At(0)));
}

// Whatever the order of things, it answers as a plain map would.
TEST(DuplicateFilterTest, AnswersAsAMapWould) {
  struct Seen {
    int second;
    std::uint32_t partition;
  };
  std::mt19937 random(7);
  DuplicateFilter filter(seconds(50));
  std::map<int, Seen> seen;
  std::size_t found = 0;
  for (int i = 0; i < 200'000; ++i) {
    const int second = i / 100;
    if (i % 100 == 0) {
      std::erase_if(seen, [second](const auto& one) {
        return second - one.second.second >= 50;
      });
    }
    const int id = static_cast<int>(random() % 8000);
    const auto partition = static_cast<std::uint32_t>(random() % 3);
    const auto key = filter.KeyOf("c", std::to_string(id));
    ASSERT_EQ(filter.Seen(key, At(second)), seen.contains(id)) << i;
    ASSERT_EQ(filter.size(), seen.size());
    if (seen.contains(id)) {
      ++found;
    } else {
      filter.Remember(key, At(second), partition);
      seen[id] = {second, partition};
    }
    if (i % 17'000 != 0) continue;
    filter.Drop(partition);
    std::erase_if(seen, [partition](const auto& one) {
      return one.second.partition == partition;
    });
  }
  EXPECT_GT(found, 10'000u);
}

}  // namespace
}  // namespace premura
