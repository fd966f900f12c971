// SPDX-License-Identifier: Apache-2.0
// What a refusal that may be the channel's makes of a delivery.

#include "notifiers/outcome_rules.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kNow = *ParseInstant("2026-03-10T10:00:00Z");

Outcome Stop() {
  Outcome outcome;
  outcome.verdict = Outcome::Verdict::kStop;
  outcome.reason = Reason::kMisconfigured;
  outcome.detail = "403: no scripts here";
  return outcome;
}

struct Way {
  const char* name;
  void (*apply)(const RetryPolicy&, Timestamp, Delivery*);
  DeliveryState state;
};
constexpr Way kWays[] = {
    {"delivered",
     [](const RetryPolicy& policy, Timestamp now, Delivery* delivery) {
       ApplyDelivered(Stop(), OnDoubt::kRepeat, false, policy, now, delivery);
     },
     DeliveryState::kHeld},
    {"repeated in doubt",
     [](const RetryPolicy& policy, Timestamp now, Delivery* delivery) {
       ApplyDelivered(Stop(), OnDoubt::kRepeat, true, policy, now, delivery);
     },
     DeliveryState::kUnknown},
    {"looked up",
     [](const RetryPolicy& policy, Timestamp now, Delivery* delivery) {
       ApplyFound(Stop(), policy, now, delivery);
     },
     DeliveryState::kUnknown},
};

TEST(OutcomeRules, ARefusalByTheChannelIsTriedLessAndLessAndThenAPersonsTurn) {
  const RetryPolicy policy;
  for (const Way& way : kWays) {
    SCOPED_TRACE(way.name);
    Delivery delivery;
    delivery.key = "pre-1";
    Timestamp now = kNow;
    Duration least = minutes(1);
    for (int i = 1; i < 1000; ++i) {
      way.apply(policy, now, &delivery);
      EXPECT_EQ(delivery.state, way.state);
      EXPECT_EQ(delivery.reason, Reason::kMisconfigured);
      EXPECT_EQ(delivery.detail, "403: no scripts here");
      EXPECT_EQ(delivery.retries, i);
      if (!delivery.due_at) break;
      EXPECT_GE(*delivery.due_at - now, least);
      EXPECT_LE(*delivery.due_at - now, least * 3 / 2);
      now = *delivery.due_at;
      least = std::min(least * 2, policy.most);
    }
    EXPECT_TRUE(NeedsPerson(delivery));
    EXPECT_LE(now, kNow + hours(24));
    EXPECT_GT(now, kNow + hours(23));
  }
}

TEST(OutcomeRules, ARefusalCountsWithTheFailuresBeforeIt) {
  const RetryPolicy policy;
  Delivery delivery;
  delivery.key = "pre-1";
  delivery.retries = 3;
  delivery.retrying_since = kNow - hours(24) + seconds(1);
  kWays[0].apply(policy, kNow, &delivery);
  EXPECT_EQ(delivery.retries, 4);
  EXPECT_TRUE(NeedsPerson(delivery)) << "held, not failed";
  EXPECT_EQ(delivery.state, DeliveryState::kHeld);
}

TEST(OutcomeRules, WhoWaitsLongerForOthersWaitsLongerForThis) {
  RetryPolicy policy;
  policy.first = minutes(5);
  Delivery delivery;
  delivery.key = "pre-1";
  kWays[0].apply(policy, kNow, &delivery);
  EXPECT_GE(*delivery.due_at - kNow, minutes(5));
}

}  // namespace
}  // namespace premura
