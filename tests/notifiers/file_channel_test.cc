// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "notifiers/channels.h"
#include "tests/notifiers/channel_calls.h"
#include "tests/notifiers/examples.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using Verdict = Outcome::Verdict;

class FileChannelTest : public ::testing::Test {
 protected:
  std::unique_ptr<Channel> Make(const std::string& channel) {
    FileChannelOptions options;
    options.channel = channel;
    options.desk = "files";
    options.directory = folder_.path();
    options.mail.from_address = "support@example.com";
    options.mail.message_id_domain = "example.com";
    return NewFileChannel(std::move(options));
  }
  TempFolder folder_;
  Message message_ = ExampleMessage();
};

TEST_F(FileChannelTest, AMailIsTheBytesThatSmtpWouldSend) {
  const auto channel = Make("email");
  EXPECT_EQ(Check(channel.get()), "");
  EXPECT_EQ(Find(channel.get(), message_).verdict, Verdict::kRetry);
  const Outcome outcome = Deliver(channel.get(), message_);
  EXPECT_EQ(outcome.verdict, Verdict::kDelivered);
  EXPECT_EQ(outcome.reason, Reason::kDelivered);
  const std::string mail = folder_.Read("email/pre-0123456789abcdef0123.eml");
  EXPECT_EQ(mail.find("Date: Sun, 22 Nov 2026 04:00:00 +0000\r\n"), 0u);
  EXPECT_EQ(Find(channel.get(), message_).reason, Reason::kAlreadyThere);
  EXPECT_EQ(channel->on_doubt(), OnDoubt::kAsk);
}

TEST_F(FileChannelTest, WhatItWritesIsNotForEverybody) {
  Deliver(Make("ticket").get(), message_);
  const auto rights = [&](const char* path) {
    return std::filesystem::status(folder_.Path(path)).permissions() &
           std::filesystem::perms(07);
  };
  EXPECT_EQ(rights("ticket"), std::filesystem::perms::none);
  EXPECT_EQ(rights("ticket/pre-0123456789abcdef0123.txt"),
            std::filesystem::perms::none);
}

TEST_F(FileChannelTest, ASecondDeliveryChangesNothing) {
  const auto channel = Make("ticket");
  EXPECT_EQ(Deliver(channel.get(), message_).reason, Reason::kDelivered);
  message_.text = "other";
  const Outcome again = Deliver(channel.get(), message_);
  EXPECT_EQ(again.verdict, Verdict::kDelivered);
  EXPECT_EQ(again.reason, Reason::kAlreadyThere);
  EXPECT_EQ(again.ticket->id, "pre-01234567");
  EXPECT_EQ(again.ticket->desk, "files");
  EXPECT_EQ(folder_.Read("ticket/pre-0123456789abcdef0123.txt"),
            "Key: pre-0123456789abcdef0123\nPriority: high\n"
            "Requestor: jane@acme.example\n"
            "Subject: Can we help with the payment?\n\n"
            "Hello Jane,\n\nanswer this mail.\n");
}

TEST_F(FileChannelTest, AnSmsShowsWhatItWouldCost) {
  message_.to = "+393331234567";
  message_.text = "it’s č";
  Deliver(Make("sms").get(), message_);
  EXPECT_EQ(folder_.Read("sms/pre-0123456789abcdef0123.txt"),
            "To: +393331234567\nSegments: 1 (UCS-2)\n\nit's č\n");
}

TEST_F(FileChannelTest,
       WhatCannotBeSentIsRejectedAndWhatCannotBeWrittenRetried) {
  message_.to = "nobody";
  const Outcome bad = Deliver(Make("email").get(), message_);
  EXPECT_EQ(bad.verdict, Verdict::kRejected);
  EXPECT_EQ(bad.reason, Reason::kBadAddress);

  folder_.Write("ticket", "a file where the folder should be");
  const auto channel = Make("ticket");
  const Outcome blocked = Deliver(channel.get(), message_);
  EXPECT_EQ(blocked.verdict, Verdict::kRetry);
  EXPECT_EQ(blocked.detail.find("cannot write "), 0u);
  EXPECT_EQ(Check(channel.get()).find("cannot write "), 0u);
  EXPECT_EQ(Find(channel.get(), message_).verdict, Verdict::kRetry);
}

}  // namespace
}  // namespace premura
