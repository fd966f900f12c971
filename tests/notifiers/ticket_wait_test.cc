// SPDX-License-Identifier: Apache-2.0
// A mail and the ticket of its case.

#include <gtest/gtest.h>

#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class TicketWaitTest : public testing::Test, protected OutreachWorld {};

TEST_F(TicketWaitTest, AMailCarriesTheTicketOfItsCase) {
  Start(RuleYaml("loop", "", std::string(kEmailAction) + kTicketAction));
  Fire("loop", "acme");
  ASSERT_EQ(email->deliveries.size(), 1U);
  ASSERT_TRUE(email->deliveries[0].ticket);
  EXPECT_EQ(email->deliveries[0].ticket->id, "4711");
  EXPECT_EQ(email->deliveries[0].ticket->message_id, "ticket-4711@test");
  EXPECT_EQ(email->deliveries[0].subject, "about [test #4711]");
}

TEST_F(TicketWaitTest, AMailWaitsTwoMinutesForATicketAndThenGoesWithout) {
  desk->Next({"retry", "retry", "retry", "retry", "retry", "retry", "retry"});
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "email"), "held waiting_for_ticket");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "held waiting_for_ticket");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_FALSE(email->deliveries[0].ticket);
}

TEST_F(TicketWaitTest, AMailNeedNotWaitForATicketThatFailed) {
  desk->Next({"rejected"});
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  const std::string id = Fire("loop", "acme");
  EXPECT_EQ(State(id, "ticket"), "failed refused");
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(TicketWaitTest, AMailWaitsForATicketThatIsReleasedWithIt) {
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Pass(hours(5));
  EXPECT_EQ(State(id, "email"), "held stop_all");
  SetStopAll(false);
  Pass(seconds(1));
  ASSERT_EQ(email->deliveries.size(), 1U);
  EXPECT_EQ(email->deliveries[0].subject, "about [test #4711]");
}

TEST_F(TicketWaitTest, AMailsPatienceBeginsWhenItCouldBeSent) {
  desk->Next(std::vector<std::string>(20, "retry"));
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Pass(hours(5));
  SetStopAll(false);
  Pass(seconds(1));
  for (int i = 0; i < 119; ++i) {
    EXPECT_EQ(State(id, "email"), "held waiting_for_ticket") << i;
    Pass(seconds(1));
  }
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(TicketWaitTest, AMailDoesNotWaitForATicketHeldForReasonsOfItsOwn) {
  struct Held {
    const char* ticket;
    const char* state;
  };
  for (const Held& held :
       {Held{"      - ticket: {template: t, delay: 1h}\n", "held delay"},
        Held{"      - ticket: {template: t, desk: none}\n", "none"}}) {
    OutreachWorld world;
    world.Start(RuleYaml("loop", "", std::string(kEmailAction) + held.ticket));
    const std::string id = world.Fire("loop", "acme");
    EXPECT_EQ(world.State(id, "ticket"), held.state);
    EXPECT_EQ(world.State(id, "email"), "sent delivered") << held.state;
  }
}

}  // namespace
}  // namespace premura
