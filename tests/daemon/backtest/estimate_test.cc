// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/estimate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace premura {
namespace {

TEST(EstimateTest, SharesHaveWilsonsInterval) {
  // As R's prop.test(part, whole, correct = FALSE) answers.
  struct Case {
    Share share;
    double low, high;
  };
  const Case cases[] = {
      {{8, 10}, 0.490162, 0.943318},     {{0, 10}, 0, 0.277533},
      {{10, 10}, 0.722467, 1},           {{1, 1}, 0.206549, 1},
      {{500, 1000}, 0.469070, 0.530930}, {{0, 1'000'000}, 0, 3.84144e-06}};
  for (const Case& one : cases) {
    const Interval interval = one.share.interval();
    EXPECT_NEAR(interval.low, one.low, 1e-6);
    EXPECT_NEAR(interval.high, one.high, 1e-6);
    EXPECT_LE(interval.low, one.share.value());
    EXPECT_GE(interval.high, one.share.value());
  }
}

TEST(EstimateTest, ARatioHasAnIntervalAroundIt) {
  const auto ratio = RatioOf({60, 100}, {300, 1000});
  ASSERT_TRUE(ratio && ratio->high);
  EXPECT_NEAR(ratio->value, 2, 1e-9);
  // Near that of the logarithm (Katz), which holds for numbers like these.
  const double spread = 1.96 * std::sqrt(0.4 / 60 + 0.7 / 300);
  EXPECT_NEAR(ratio->low, 2 * std::exp(-spread), 0.04);
  EXPECT_NEAR(*ratio->high, 2 * std::exp(spread), 0.04);
}

// Where everybody is in trouble, the few that were found still leave a doubt.
TEST(EstimateTest, ARatioOfAllToAllIsNotCertain) {
  const Share few = {5, 5};
  const auto ratio = RatioOf(few, {1'000'000, 1'000'000});
  ASSERT_TRUE(ratio && ratio->high);
  EXPECT_NEAR(ratio->value, 1, 1e-9);
  EXPECT_NEAR(ratio->low, few.interval().low, 1e-4);
  EXPECT_NEAR(*ratio->high, 1, 1e-4);
}

TEST(EstimateTest, ARatioNeedsSomethingToDivideBy) {
  EXPECT_FALSE(RatioOf({1, 2}, {0, 10}));
  EXPECT_FALSE(RatioOf({0, 0}, {5, 10}));
  EXPECT_FALSE(RatioOf({5, 10}, {0, 0}));
  const auto none = RatioOf({0, 10}, {5, 10});
  ASSERT_TRUE(none && none->high);
  EXPECT_EQ(none->low, 0);
  EXPECT_GT(*none->high, 0);
  // A base that may be nearly nothing, and yet is something.
  const auto thin = RatioOf({1, 2}, {1, 4});
  ASSERT_TRUE(thin && thin->high);
  EXPECT_LT(thin->low, 2);
  EXPECT_GT(*thin->high, 2);
}

std::vector<Duration> UpTo(int n) {
  std::vector<Duration> all;
  for (int i = 1; i <= n; ++i) all.emplace_back(i);
  return all;
}

TEST(EstimateTest, AQuantileLiesBetweenItsNeighbours) {
  EXPECT_FALSE(QuantileOf({}, 0.5));
  const auto one = QuantileOf(UpTo(1), 0.5);
  EXPECT_EQ(one->value, Duration(1));
  EXPECT_FALSE(one->low || one->high);
  const auto median = QuantileOf(UpTo(100), 0.5);
  EXPECT_EQ(median->value, Duration(50));
  EXPECT_EQ(median->low, Duration(40));
  EXPECT_EQ(median->high, Duration(61));
  // Of so few, the largest tells nothing of how far it goes.
  const auto p90 = QuantileOf(UpTo(10), 0.9);
  EXPECT_EQ(p90->value, Duration(9));
  EXPECT_EQ(p90->low, Duration(7));
  EXPECT_FALSE(p90->high);
}

}  // namespace
}  // namespace premura
