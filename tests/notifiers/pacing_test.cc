// SPDX-License-Identifier: Apache-2.0
// Breaker, rate limiter, backoff, keys.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "notifiers/backoff.h"
#include "notifiers/breaker.h"
#include "notifiers/digest.h"
#include "notifiers/rate_limiter.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kNow = *ParseInstant("2026-03-10T10:00:00Z");

TEST(Breaker, OpensAfterFailuresInARowAndClosesAfterATrial) {
  Breaker breaker(3, seconds(30));
  EXPECT_FALSE(breaker.OnFailure(kNow));
  EXPECT_FALSE(breaker.OnFailure(kNow));
  EXPECT_FALSE(breaker.OnSuccess());
  EXPECT_FALSE(breaker.OnFailure(kNow)) << "not in a row";
  EXPECT_FALSE(breaker.OnFailure(kNow));
  EXPECT_EQ(breaker.Allowed(kNow, 8), 8);
  EXPECT_TRUE(breaker.OnFailure(kNow));
  EXPECT_EQ(breaker.Allowed(kNow, 8), 0);
  EXPECT_EQ(breaker.next_trial(), kNow + seconds(30));
  EXPECT_FALSE(breaker.OnFailure(kNow + seconds(5))) << "was under way";
  EXPECT_EQ(breaker.next_trial(), kNow + seconds(30)) << "not prolonged";
  EXPECT_EQ(breaker.Allowed(kNow + seconds(30), 8), 1);
  breaker.OnStart();
  EXPECT_EQ(breaker.Allowed(kNow + seconds(31), 8), 0) << "one trial";
  EXPECT_FALSE(breaker.OnFailure(kNow + seconds(31))) << "still open";
  EXPECT_EQ(breaker.Allowed(kNow + seconds(60), 8), 0);
  EXPECT_EQ(breaker.Allowed(kNow + seconds(61), 8), 1);
  breaker.OnStart();
  EXPECT_TRUE(breaker.OnSuccess());
  EXPECT_EQ(breaker.Allowed(kNow + seconds(61), 8), 8);
}

TEST(RateLimiter, AllowsABurstAndThenARate) {
  RateLimiter limiter({10, seconds(1)});
  EXPECT_EQ(limiter.Allowed(kNow, 100), 10);
  for (int i = 0; i < 10; ++i) limiter.Take();
  EXPECT_EQ(limiter.Allowed(kNow, 100), 0);
  EXPECT_EQ(limiter.Next(kNow), kNow + milliseconds(100));
  EXPECT_EQ(limiter.Allowed(kNow + milliseconds(99), 100), 0);
  EXPECT_EQ(limiter.Allowed(kNow + milliseconds(100), 100), 1);
  EXPECT_EQ(limiter.Allowed(kNow + hours(1), 100), 10);
  EXPECT_EQ(limiter.Allowed(kNow + hours(1), 3), 3);
}

TEST(RateLimiter, AClockPutBackCostsNothingAndGivesNothing) {
  RateLimiter limiter({1, seconds(1)});
  EXPECT_EQ(limiter.Allowed(kNow, 9), 1);
  limiter.Take();
  EXPECT_EQ(limiter.Allowed(kNow - hours(1), 9), 0);
  EXPECT_EQ(limiter.Allowed(kNow - hours(1) + seconds(1), 9), 1);
}

TEST(RateLimiter, NoLimitIsNone) {
  RateLimiter limiter({});
  EXPECT_EQ(limiter.Allowed(kNow, 1000), 1000);
  EXPECT_FALSE(limiter.Next(kNow));
}

TEST(Backoff, DoublesUpToItsMostAndIsTheSameInEveryRun) {
  for (int retries = 1; retries < 200; ++retries) {
    const Duration wait =
        Backoff(seconds(5), minutes(15), retries, "k", std::nullopt);
    Duration base = seconds(5);
    for (int i = 1; i < retries && base < minutes(15); ++i) base *= 2;
    base = std::min<Duration>(base, minutes(15));
    EXPECT_GE(wait, base);
    EXPECT_LE(wait, base * 3 / 2);
    EXPECT_EQ(wait,
              Backoff(seconds(5), minutes(15), retries, "k", std::nullopt));
  }
}

TEST(Backoff, SpreadsByKey) {
  std::set<Duration> waits;
  for (int i = 0; i < 50; ++i) {
    waits.insert(
        Backoff(seconds(60), minutes(15), 1, std::to_string(i), std::nullopt));
  }
  EXPECT_GT(waits.size(), 40U);
}

TEST(Backoff, IsNeverShortenedByTheOtherSideAndBoundedByAnHour) {
  const auto ask = [](std::optional<Duration> retry_after) {
    return Backoff(minutes(5), minutes(15), 1, "k", retry_after);
  };
  EXPECT_EQ(ask(seconds(1)), ask(std::nullopt));
  EXPECT_EQ(ask(minutes(40)), minutes(40));
  EXPECT_EQ(ask(hours(40)), hours(1));
}

TEST(DeliveryKey, IsTheSameForTheSameAndFitsEverywhere) {
  const std::string key = DeliveryKey("premura", "d1", "email", 0);
  EXPECT_EQ(key, DeliveryKey("premura", "d1", "email", 0));
  EXPECT_EQ(key.size(), 24U);
  EXPECT_EQ(key.find_first_not_of("pre-0123456789abcdef"), std::string::npos);
  const std::set<std::string> keys = {
      key,
      DeliveryKey("premura-eu", "d1", "email", 0),
      DeliveryKey("premura", "d2", "email", 0),
      DeliveryKey("premura", "d1", "sms", 0),
      DeliveryKey("premura", "d1", "email", 1),
  };
  EXPECT_EQ(keys.size(), 5U);
}

TEST(Digest, IsSha256OfPartsToldApart) {
  // echo -n '1:a0:0:0:' | sha256sum
  EXPECT_EQ(Digest("a"),
            "1c2fc7ffe69ec6bfa4be32a97a725583fdaab0f7f8fd590713c3091aeb255eca");
  EXPECT_NE(Digest("ab", "c"), Digest("a", "bc"));
}

}  // namespace
}  // namespace premura
