// SPDX-License-Identifier: Apache-2.0
#include "daemon/leap_guard.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/daemon/manual_clock.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LeapGuardTest : public ::testing::Test {
 protected:
  void Pass(Duration time) {
    wall_.Advance(time);
    steady_ += time;
    should_be_ += time;
  }
  Duration Ahead() { return guard_.Now() - should_be_; }

  ManualClock wall_;
  Duration steady_ = hours(7);
  Timestamp should_be_ = wall_.Now();
  LeapGuard guard_{[this] { return wall_.Now(); }, [this] { return steady_; }};
};

TEST_F(LeapGuardTest, ALeapThatIsTakenBackHasNotBeen) {
  for (const Duration leap : {Duration(hours(1)), Duration(-hours(1))}) {
    wall_.Advance(leap);
    EXPECT_EQ(Ahead(), Duration::zero());
    const auto begun = guard_.TakeNews();
    ASSERT_TRUE(begun);
    EXPECT_EQ(begun->by, leap);
    EXPECT_FALSE(begun->followed || begun->gone);
    Pass(seconds(59));
    EXPECT_EQ(Ahead(), Duration::zero());
    EXPECT_FALSE(guard_.TakeNews());
    wall_.Advance(-leap);
    EXPECT_EQ(Ahead(), Duration::zero());
    const auto over = guard_.TakeNews();
    ASSERT_TRUE(over);
    EXPECT_TRUE(over->gone);
    EXPECT_EQ(over->by, leap);
    Pass(minutes(2));
    EXPECT_EQ(Ahead(), Duration::zero());
    EXPECT_FALSE(guard_.TakeNews());
  }
}

TEST_F(LeapGuardTest, ALeapThatStaysIsFollowedAfterAMinute) {
  for (const Duration leap : {Duration(hours(1)), Duration(-hours(3))}) {
    const Duration before = Ahead();
    wall_.Advance(leap);
    EXPECT_EQ(Ahead(), before);
    EXPECT_TRUE(guard_.TakeNews());
    Pass(minutes(1) - milliseconds(1));
    EXPECT_EQ(Ahead(), before);
    EXPECT_FALSE(guard_.TakeNews());
    Pass(milliseconds(1));
    EXPECT_EQ(Ahead(), before + leap);
    const auto news = guard_.TakeNews();
    ASSERT_TRUE(news);
    EXPECT_TRUE(news->followed);
    EXPECT_EQ(news->by, leap);
  }
}

TEST_F(LeapGuardTest, AnotherLeapIsWaitedForAnew) {
  wall_.Advance(hours(1));
  EXPECT_EQ(Ahead(), Duration::zero());
  Pass(seconds(50));
  wall_.Advance(hours(1));
  EXPECT_EQ(Ahead(), Duration::zero());
  EXPECT_EQ(guard_.TakeNews()->by, hours(2));
  Pass(seconds(59));
  EXPECT_EQ(Ahead(), Duration::zero());
  Pass(seconds(1));
  EXPECT_EQ(Ahead(), hours(2));
}

// As a time server does it.
TEST_F(LeapGuardTest, ASlewedClockIsFollowedAtOnce) {
  for (int step = 0; step < 100; ++step) {
    Pass(seconds(1));
    wall_.Advance(milliseconds(500));
    EXPECT_EQ(Ahead(), milliseconds(500) * (step + 1));
  }
  wall_.Advance(seconds(5));
  EXPECT_EQ(Ahead(), seconds(55));
  EXPECT_FALSE(guard_.TakeNews());
}

TEST(SystemLeapGuardTest, IsTheWallClock) {
  const auto guard = NewSystemLeapGuard();
  const Timestamp before = SystemClock().Now();
  const Timestamp now = guard->Now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, SystemClock().Now());
}

}  // namespace
}  // namespace premura
