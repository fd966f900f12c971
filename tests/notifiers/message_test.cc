// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "notifiers/case_record.h"
#include "notifiers/channel.h"
#include "tests/notifiers/examples.h"

namespace premura {
namespace {

TEST(MessageTest, ComesBackFromJsonAsItWas) {
  Message message = ExampleMessage();
  message.text = "line\n\"quoted\" è 👍 \\ \x01";
  message.ticket = TicketReference{"rt", "4711", "[example.com #4711]",
                                   "RT-Ticket-4711@example.com"};
  const Result<Message> back = ParseMessage(ToJson(message));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(ToJson(back.value()), ToJson(message));
  EXPECT_EQ(back.value().text, message.text);
  EXPECT_EQ(back.value().ticket->message_id, "RT-Ticket-4711@example.com");
  EXPECT_EQ(back.value().first_attempt, message.first_attempt);

  message.ticket.reset();
  EXPECT_FALSE(ParseMessage(ToJson(message)).value().ticket.has_value());
}

TEST(MessageTest, WhatIsNoMessageIsSaid) {
  EXPECT_EQ(ParseMessage("{").error().message, "message: not JSON");
  EXPECT_EQ(ParseMessage("{}").error().message,
            "message: `key` is missing or wrong");
  std::string json = ToJson(ExampleMessage());
  json.replace(json.rfind("2026-11-22"), 10, "yesterday!");
  EXPECT_EQ(ParseMessage(json).error().message,
            "message: `first_attempt` is missing or wrong");
}

TEST(CaseRecordTest, ComesBackFromJsonAsItWas) {
  const CaseRecord record = ExampleRecord();
  const Result<CaseRecord> back = ParseCaseRecord(ToJson(record));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(ToJson(back.value()), ToJson(record));
  EXPECT_EQ(back.value().evidence.size(), record.evidence.size());
  EXPECT_EQ(back.value().evidence[1].fields, record.evidence[1].fields);
  EXPECT_EQ(back.value().group, record.group);
}

TEST(CaseRecordTest, TheRulesOwnFieldsAreKept) {
  CaseRecord record = ExampleRecord();
  EXPECT_EQ(ParseCaseRecord(ToJson(record)).value().shown, std::nullopt);
  for (const auto& shown : {std::vector<std::string>{},
                            std::vector<std::string>{"page", "d.\"x"}}) {
    record.shown = shown;
    EXPECT_EQ(ParseCaseRecord(ToJson(record)).value().shown, shown);
  }
  std::string json = ToJson(record);
  json.replace(json.find("\"page\""), 6, "7");
  EXPECT_EQ(ParseCaseRecord(json).error().message,
            "case record: `shown` is missing or wrong");
}

// Ledgers that older versions wrote say nothing of a cause.
TEST(CaseRecordTest, WithoutACauseItIsRead) {
  CaseRecord record = ExampleRecord();
  record.cause = {{"reason", "\"3ds_timeout\""}};
  std::string json = ToJson(record);
  EXPECT_EQ(ParseCaseRecord(json).value().cause, record.cause);
  const std::string cause = R"("cause":{"reason":"3ds_timeout"},)";
  json.erase(json.find(cause), cause.size());
  ASSERT_TRUE(ParseCaseRecord(json).ok());
  EXPECT_TRUE(ParseCaseRecord(json).value().cause.empty());
}

TEST(CaseRecordTest, NumbersKeepEveryDigit) {
  CaseRecord record;
  record.evidence.push_back({"x", {}, "", {{"a", "1e400"}}});
  record.evidence.push_back({"y", {}, "", {{"b", "12345678901234567890123"}}});
  const Result<CaseRecord> read = ParseCaseRecord(ToJson(record));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read.value().evidence[0].fields, record.evidence[0].fields);
  EXPECT_EQ(read.value().evidence[1].fields, record.evidence[1].fields);
}

TEST(CaseRecordTest, WhatIsNoRecordIsSaid) {
  EXPECT_EQ(ParseCaseRecord("[").error().message, "case record: not JSON");
  EXPECT_EQ(ParseCaseRecord("{}").error().message,
            "case record: `detection` is missing or wrong");
}

}  // namespace
}  // namespace premura
