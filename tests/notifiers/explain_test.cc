// SPDX-License-Identifier: Apache-2.0
#include "notifiers/explain.h"

#include <gtest/gtest.h>

#include "notifiers/evidence_summary.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

constexpr char kRules[] = R"(
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions:
      - ticket: {template: help}
      - email: {template: help}
      - sms: {template: short}
  - id: other
    title: Something else
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{ticket: {template: help}}]
)";

class ExplainTest : public testing::Test, protected OutreachWorld {
 protected:
  Explanation Ask(const std::string& rule = "", int most = 50) {
    auto explanation = Explain(Reader().get(), {"acme", rule, most, {}});
    EXPECT_TRUE(explanation.ok());
    return std::move(explanation).value();
  }
};

TEST_F(ExplainTest, SaysWhatWasSentHeldAndSuppressedAndWhy) {
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Know("acme", {{"email", "\"m@example.com\""}, {"consent.sms", "false"}});
  Start(kRules);
  const std::string id = Fire("loop", "acme");
  const std::string text = ToText(Ask());
  EXPECT_EQ(text,
            "acme: 1 detection\n\n"
            "2026-03-10 10:00:00 UTC loop: Keeps coming back\n"
            "    page_viewed x2 from 09:57 to 10:00 UTC (detection " +
                id +
                ")\n"
                "    ticket  help                     sent 2026-03-10 10:00:00 "
                "UTC as "
                "id-" +
                Get(id, "ticket").key.substr(4, 4) +
                "\n"
                "    email   help                     held until 2026-03-10 "
                "12:00:00 UTC by quiet_hours (Etc/UTC: 09:00-12:00)\n"
                "    sms     short                    suppressed by no_consent "
                "(consent.sms is refused)\n");
}

TEST_F(ExplainTest, SaysThatEverythingIsStoppedAndWhatDoesNotWork) {
  desk->check_problem = "token refused";
  Start(kRules);
  SetStopAll(true);
  Pass(std::chrono::seconds(1));
  Fire("other", "acme");
  const std::string text = ToText(Ask());
  EXPECT_NE(text.find("stop-all is on since 2026-03-10 10:00:00 UTC (by anna)"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("ticket:rt does not work since 2026-03-10 10:00:00 UTC: "
                      "token refused"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("held until something changes by stop_all"),
            std::string::npos)
      << text;
}

TEST_F(ExplainTest, HasAWordForEveryState) {
  email->Next({"retry", "unknown_after", "rejected", "lost_before"});
  Start(kRules + std::string(R"(
  - id: mail
    title: Mail
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cancel_on: [{event: invoice_paid}]
    actions: [{email: {template: help, delay: 0s}}]
)"));
  const auto line = [&] {
    Fire("mail", "acme");
    const std::string text = ToText(Ask("mail", 1));
    return text.substr(text.find("help") + 25);
  };
  EXPECT_EQ(line().substr(0, 15), "tried 1x, again");
  Cancel("mail", "acme");
  now += std::chrono::minutes(1);
  const std::string unknown = line();
  const std::string id = Ask("mail", 1).cases[0].record.detection_id;
  EXPECT_EQ(unknown,
            "unknown: may have arrived by unknown_outcome (the fake says so); "
            "a person's turn; key " +
                Get(id, "email").key + "\n");
  now += std::chrono::minutes(1);
  EXPECT_EQ(line(),
            "failed 2026-03-10 10:02:00 UTC by refused (the fake says so)\n");
  now += std::chrono::minutes(1);
  EXPECT_EQ(line(), "is being sent since 2026-03-10 10:03:00 UTC\n");
  EXPECT_NE(ToText(Ask("mail")).find("by cancelled (invoice_paid)"),
            std::string::npos);
}

TEST_F(ExplainTest, ShowsTheNewestFirstOfTheRuleAskedFor) {
  Start(kRules);
  Fire("loop", "acme");
  now += std::chrono::hours(1);
  const std::string newest = Fire("loop", "acme");
  Fire("other", "acme");
  EXPECT_EQ(Ask().cases.size(), 3U);
  EXPECT_EQ(Ask("loop").cases.size(), 2U);
  ASSERT_EQ(Ask("loop", 1).cases.size(), 1U);
  EXPECT_EQ(Ask("loop", 1).cases[0].record.detection_id, newest);
}

TEST_F(ExplainTest, IsOneJsonObjectForPrograms) {
  Start(kRules);
  const std::string id = Fire("other", "acme");
  const std::string json = ToJson(Ask());
  EXPECT_EQ(json.rfind("{\"customer\":\"acme\",\"stop_all\":{\"on\":false,"
                       "\"by\":\"\"},\"broken_outlets\":[],\"cases\":[",
                       0),
            0U)
      << json;
  EXPECT_NE(json.find("\"decision\":\"send\",\"reason\":\"none\""),
            std::string::npos);
  EXPECT_NE(json.find("\"state\":\"sent\",\"reason\":\"delivered\""),
            std::string::npos);
  EXPECT_NE(json.find("\"attempts\":[{\"number\":1,\"what\":\"deliver\""),
            std::string::npos);
  EXPECT_EQ(json.substr(json.size() - 4), "}]}\n");
}

TEST_F(ExplainTest, SaysWhomItDoesNotKnow) {
  Start(kRules);
  const auto told = [this] {
    return ToText(Explain(Reader().get(), {"nobody", "loop", 50, {}}).value());
  };
  EXPECT_EQ(told(), "nobody: nothing is known of this customer\n");
  Fire("other", "nobody");
  EXPECT_EQ(told(), "nobody: 0 detections\n");
}

TEST_F(ExplainTest, WhatWaitsForItsChannelHasNoTimeInThePast) {
  email->Next({"stop"});
  sms->Next({"retry"});
  Start(kRules);
  Fire("loop", "acme");
  settings->sms = nullptr;
  now += std::chrono::minutes(5);
  email->check_problem = "connection refused";
  email->check_reason = Reason::kUnreachable;
  Use();
  std::string text = ToText(Ask());
  EXPECT_NE(text.find("held until its channel works by unreachable\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("held until there is such a channel by channel_missing"),
            std::string::npos)
      << text;
}

TEST_F(ExplainTest, WhatItsChannelAlwaysRefusesWaitsForAPerson) {
  settings->retry.give_up_after = std::chrono::seconds(1);
  email->Next({"stop"});
  Start(kRules);
  Fire("loop", "acme");
  const std::string text = ToText(Ask());
  EXPECT_NE(text.find("held until a person decides by misconfigured (the fake "
                      "says so)"),
            std::string::npos)
      << text;
}

TEST_F(ExplainTest, WhatIsDueWaitsForItsTurn) {
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Know("acme", {{"email", "\"m@example.com\""}});
  Start(kRules);
  Fire("loop", "acme");
  Explanation asked = Ask();
  const Timestamp due = *ParseInstant("2026-03-10T12:00:00Z");
  const auto says = [&](Timestamp at, const char* words) {
    asked.now = at;
    const std::string text = ToText(asked);
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  says(due - Duration(1), "held until 2026-03-10 12:00:00 UTC by quiet_hours");
  says(due, "held, due since 2026-03-10 12:00:00 UTC by quiet_hours");
  for (auto& action : asked.cases[0].actions) {
    if (!action.delivery) continue;
    action.delivery->state = DeliveryState::kRetry;
    action.delivery->due_at = due;
  }
  says(due - Duration(1), "x, again 2026-03-10 12:00:00 UTC");
  says(due, "x, due since 2026-03-10 12:00:00 UTC");
}

EvidenceEvent Event(const char* name, const char* at) {
  EvidenceEvent event;
  event.name = name;
  event.at = *ParseInstant(at);
  return event;
}

TEST(Summarise, SaysInOneLineWhatWasSeen) {
  CaseRecord record;
  record.at = *ParseInstant("2026-03-10T10:30:00Z");
  EXPECT_EQ(Summarise(record), "no event, but the clock: 2026-03-10 10:30 UTC");
  record.evidence = {Event("export_started", "2026-03-10T09:41:07Z")};
  EXPECT_EQ(Summarise(record), "export_started at 09:41 UTC");
  record.at = *ParseInstant("2026-03-14T10:30:00Z");
  EXPECT_EQ(Summarise(record), "export_started at 2026-03-10 09:41 UTC");
  record.at = *ParseInstant("2026-03-10T10:30:00Z");
  record.evidence.push_back(Event("failed", "2026-03-10T09:44:00Z"));
  record.evidence.push_back(Event("failed", "2026-03-10T09:52:00Z"));
  EXPECT_EQ(Summarise(record),
            "export_started, failed x2 from 09:41 to 09:52 UTC");
  record.evidence.push_back(Event("failed", "2026-03-11T00:05:00Z"));
  EXPECT_EQ(Summarise(record),
            "export_started, failed x3 from 2026-03-10 09:41 to 2026-03-11 "
            "00:05 UTC");
}

}  // namespace
}  // namespace premura
