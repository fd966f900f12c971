// SPDX-License-Identifier: Apache-2.0
// The switch that holds everything.

#include <gtest/gtest.h>

#include "tests/notifiers/support/outreach_rules.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class StopAllTest : public testing::Test, protected OutreachWorld {};

TEST_F(StopAllTest, StopAllHoldsUntilItIsLifted) {
  Start(RuleYaml("loop", "", std::string(kTicketAction) + kEmailAction) +
        RuleYaml("brief", "expires_after: 1h", kEmailAction) +
        RuleYaml("later", "", "      - sms: {template: s, delay: 1m}\n"));
  const std::string before = Fire("later", "acme");
  SetStopAll(true);
  Pass(seconds(1));
  EXPECT_TRUE(core->health().stop_all.on);
  const std::string id = Fire("loop", "acme");
  const std::string brief = Fire("brief", "acme");
  EXPECT_EQ(State(id, "ticket"), "held stop_all");
  Pass(hours(2));
  EXPECT_EQ(State(before, "sms"), "held stop_all");
  Restart();
  Pass(seconds(1));
  EXPECT_TRUE(core->health().stop_all.on) << "survives a restart";
  EXPECT_EQ(desk->TotalArrived() + email->TotalArrived(), 0);
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_FALSE(core->health().stop_all.on);
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
  EXPECT_EQ(State(id, "email"), "sent delivered");
  EXPECT_EQ(State(brief, "email"), "suppressed expired");
  EXPECT_EQ(State(before, "sms"), "sent delivered");
}

TEST_F(StopAllTest, StopAllThrownDuringARoundStopsItsSends) {
  Start(RuleYaml("loop", "", kEmailAction));
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  const std::string id = output.detections[0].id;
  // Durable is said in the middle of the round, after the switch was polled.
  core->Submit(std::move(output), [this] { SetStopAll(true); });
  Pump();
  EXPECT_EQ(State(id, "email"), "held stop_all");
  EXPECT_EQ(email->deliveries.size(), 0U);
}

TEST_F(StopAllTest, StopAllLiftedWhileNobodyLookedIsSeenAtTheStart) {
  Start(RuleYaml("loop", "", kEmailAction));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  Kill();
  SetStopAll(false);
  Open();
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

// What stop-all holds has no time, but a way out all the same.
TEST_F(StopAllTest, WhatStopAllHeldGoesByTheDeskThatCameMeanwhile) {
  Start(RuleYaml("loop", "", kTicketAction));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  settings->desks.clear();
  Use();
  EXPECT_EQ(State(id, "ticket"), "held stop_all");
  settings->desks.emplace_back("rt", desk);
  Use();
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "sent delivered");
}

TEST_F(StopAllTest, WhatStopAllHeldSaysThatItsDeskIsGone) {
  Start(RuleYaml("loop", "", kTicketAction));
  SetStopAll(true);
  Pass(seconds(1));
  const std::string id = Fire("loop", "acme");
  settings->desks.clear();
  Use();
  SetStopAll(false);
  Pass(seconds(1));
  EXPECT_EQ(State(id, "ticket"), "held channel_missing");
}

}  // namespace
}  // namespace premura
