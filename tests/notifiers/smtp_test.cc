// SPDX-License-Identifier: Apache-2.0
// What is made of a mail server's replies, against one that misbehaves on
// demand.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "notifiers/channels.h"
#include "tests/notifiers/channel_calls.h"
#include "tests/notifiers/examples.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using Verdict = Outcome::Verdict;
using Tls = SmtpOptions::Tls;

class SmtpTest : public ::testing::Test {
 protected:
  SmtpOptions Options(const ServerProcess& server) {
    SmtpOptions options;
    options.host = "localhost";
    options.port = std::stoi(server["smtp"]);
    options.username = "premura";
    options.password = Secret("mailpw");
    options.ca_file = server["ca"];
    options.from_name = "Anna";
    options.from_address = "support@example.test";
    options.message_id_domain = "premura.example.test";
    return options;
  }

  Outcome Send(const SmtpOptions& options, const std::string& to) {
    Message message = ExampleMessage();
    message.to = to;
    const auto channel = NewSmtpChannel(options, pool_.get());
    EXPECT_EQ(channel->on_doubt(), OnDoubt::kHold);
    return Deliver(channel.get(), message);
  }

  std::size_t Stored() {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.Path("new"))) {
      count += entry.path().extension() == ".eml";
    }
    return count;
  }

  TempFolder folder_;
  std::unique_ptr<TransferPool> pool_ = NewPool();
};

// The last of these is after all of the mail but the line that makes it one.
TEST_F(SmtpTest, WhoSleptBeyondTheCallsEndSendsNothing) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  Message message = ExampleMessage();
  message.to = "jane@acme.example";
  message.call_end = std::chrono::seconds(40);
  for (int look = 1; look <= 5; ++look) {
    SCOPED_TRACE(look);
    pool_ = NewSleepyPool(look);
    const auto channel = NewSmtpChannel(Options(server), pool_.get());
    const Outcome outcome = Deliver(channel.get(), message);
    if (look == 5) {
      EXPECT_EQ(outcome.verdict, Verdict::kDelivered) << outcome.detail;
    } else {
      EXPECT_EQ(outcome.verdict, Verdict::kRetry) << outcome.detail;
      EXPECT_EQ(outcome.reason, Reason::kTimeout) << outcome.detail;
    }
    EXPECT_EQ(Stored(), look == 5 ? 1U : 0U);
  }
}

TEST_F(SmtpTest, EveryReplyHasItsMeaning) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  pool_ = NewPool(std::chrono::seconds(4));
  const SmtpOptions options = Options(server);
  const struct {
    const char* to;
    Verdict verdict;
    Reason reason;
    const char* detail;
    std::size_t stored;  // After it, in all.
  } cases[] = {
      {"jane@acme.example", Verdict::kDelivered, Reason::kDelivered,
       "250 2.0.0 queued as 1", 1},
      {"tempfail@acme.example", Verdict::kRetry, Reason::kThrottled,
       "451 4.3.0 try again later", 1},
      {"reject@acme.example", Verdict::kRejected, Reason::kRefused,
       "550 5.1.1 no such user", 1},
      {"datatemp@acme.example", Verdict::kRetry, Reason::kThrottled,
       "451 4.3.0 content check unavailable", 1},
      {"datarej@acme.example", Verdict::kRejected, Reason::kRefused,
       "554 5.7.1 rejected as spam", 1},
      {"greylist@acme.example", Verdict::kRetry, Reason::kThrottled,
       "450 4.2.0 greylisted", 1},
      {"greylist@acme.example", Verdict::kDelivered, Reason::kDelivered,
       "250 2.0.0 queued as 2", 2},
      {"policy@acme.example", Verdict::kRejected, Reason::kRefused,
       "530 5.7.0 must authenticate first", 2},
      {"stall@acme.example", Verdict::kRetry, Reason::kTimeout, nullptr, 2},
      // Both had been stored.
      {"drop@acme.example", Verdict::kUnknown, Reason::kUnknownOutcome, nullptr,
       3},
      {"hang@acme.example", Verdict::kUnknown, Reason::kTimeout, nullptr, 4},
      {"part@acme.example", Verdict::kUnknown, Reason::kTimeout, nullptr, 5},
      {"code251@acme.example", Verdict::kDelivered, Reason::kDelivered,
       "251 as you say", 6},
      {"code220@acme.example", Verdict::kDelivered, Reason::kDelivered,
       "220 as you say", 7},
      {"code150@acme.example", Verdict::kUnknown, Reason::kUnknownOutcome,
       nullptr, 8},
      {"code354@acme.example", Verdict::kUnknown, Reason::kUnknownOutcome,
       nullptr, 9},
      // It may break off at once, or wait for more.
      {"code000@acme.example", Verdict::kUnknown, Reason::kNone, nullptr, 10},
      {"nobody", Verdict::kRejected, Reason::kBadAddress,
       "the customer's mail address is not one", 10},
  };
  for (const auto& c : cases) {
    const Outcome outcome = Send(options, c.to);
    EXPECT_EQ(outcome.verdict, c.verdict) << c.to << ' ' << outcome.detail;
    if (c.reason != Reason::kNone) {
      EXPECT_EQ(outcome.reason, c.reason) << c.to << ' ' << outcome.detail;
    }
    if (c.detail != nullptr) {
      EXPECT_EQ(outcome.detail, c.detail);
    }
    EXPECT_EQ(outcome.detail.find("errno"), std::string::npos)
        << c.to << ' ' << outcome.detail;
    EXPECT_EQ(Stored(), c.stored) << c.to;
  }
  const Outcome last = Send(options, "jane@acme.example");
  EXPECT_EQ(last.provider_id, "11") << last.detail;
}

TEST_F(SmtpTest, AServerThatHangsDoesNotHoldUpTheEnd) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  pool_ = NewPool();
  Message message = ExampleMessage();
  message.to = "hang@acme.example";
  const auto channel = NewSmtpChannel(Options(server), pool_.get());
  channel->Deliver(message, [](Outcome) {});
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [&] { return std::chrono::steady_clock::now() - begin; };
  while (Stored() == 0 && since() < std::chrono::seconds(20)) {
    std::this_thread::yield();
  }
  EXPECT_EQ(Stored(), 1u);
  pool_.reset();  // libcurl alone would wait two minutes for an answer to QUIT.
  EXPECT_LT(since(), std::chrono::seconds(30));
}

// It keeps the thread that sent it, so another sends the others.
TEST_F(SmtpTest, AMailThatHangsHoldsUpNoOther) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  Message message = ExampleMessage();
  message.to = "hang@acme.example";
  const auto channel = NewSmtpChannel(Options(server), pool_.get());
  std::atomic<bool> given_up = false;
  channel->Deliver(message, [&](Outcome) { given_up = true; });
  for (int i = 1; i <= 10; ++i) {
    const Outcome outcome = Send(Options(server), "jane@acme.example");
    EXPECT_EQ(outcome.verdict, Verdict::kDelivered) << i << outcome.detail;
  }
  EXPECT_FALSE(given_up) << "they waited for it";
  pool_.reset();
}

TEST_F(SmtpTest, ImplicitTlsWorksToo) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  SmtpOptions options = Options(server);
  options.tls = Tls::kImplicit;
  options.port = std::stoi(server["smtps"]);
  EXPECT_EQ(Send(options, "jane@acme.example").verdict, Verdict::kDelivered);
  EXPECT_EQ(Stored(), 1u);
}

TEST_F(SmtpTest, WhatOnlyAPersonCanMendStopsTheChannel) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  const ServerProcess plain(
      {"smtp_sink.py", folder_.Path("plain"), "--no-tls", "--no-auth"});
  SmtpOptions options = Options(server);

  SmtpOptions bad_password = options;
  bad_password.password = Secret("wrong-secret");
  Outcome outcome = Send(bad_password, "jane@acme.example");
  EXPECT_EQ(outcome.verdict, Verdict::kStop) << outcome.detail;
  EXPECT_NE(outcome.detail.find("535"), std::string::npos) << outcome.detail;
  EXPECT_EQ(outcome.detail.find("wrong-secret"), std::string::npos);
  EXPECT_NE(Check(NewSmtpChannel(bad_password, pool_.get()).get())
                .find("email (smtp://localhost:"),
            std::string::npos);

  SmtpOptions wrong_ca = options;
  wrong_ca.ca_file = plain["ca"];
  EXPECT_EQ(Send(wrong_ca, "jane@acme.example").verdict, Verdict::kStop);
  EXPECT_NE(Check(NewSmtpChannel(wrong_ca, pool_.get()).get()), "");

  SmtpOptions wrong_name = options;
  wrong_name.host = "127.0.0.2";  // Not in the certificate, nor listening.
  EXPECT_EQ(Send(wrong_name, "jane@acme.example").verdict, Verdict::kRetry);

  // A server that offers no STARTTLS gets no mail, and no password either.
  SmtpOptions no_tls = Options(plain);
  EXPECT_EQ(Send(no_tls, "jane@acme.example").verdict, Verdict::kStop);
  EXPECT_EQ(Stored(), 0u);
}

TEST_F(SmtpTest, ANoBeforeTheMailIsOfTheServerAndALaterOneOfTheMail) {
  const struct {
    const char* refused;
    Verdict verdict;
    Reason reason;
    const char* detail;  // Its beginning.
  } cases[] = {
      {"GREETING:554", Verdict::kStop, Reason::kMisconfigured, "554 not today"},
      {"GREETING:421", Verdict::kRetry, Reason::kThrottled, "421 not today"},
      {"EHLO:550", Verdict::kStop, Reason::kMisconfigured, "550 not today"},
      {"EHLO:451", Verdict::kRetry, Reason::kThrottled, "451 not today"},
      {"STARTTLS:554", Verdict::kStop, Reason::kMisconfigured,
       "STARTTLS denied"},
      {"STARTTLS:454", Verdict::kStop, Reason::kMisconfigured,
       "STARTTLS denied"},
      {"AUTH:554", Verdict::kStop, Reason::kMisconfigured, "554 not today"},
      {"AUTH:454", Verdict::kRetry, Reason::kThrottled, "454 not today"},
      {"MAIL:530", Verdict::kStop, Reason::kMisconfigured, "530 not today"},
      {"MAIL:535", Verdict::kStop, Reason::kMisconfigured, "535 not today"},
      {"MAIL:552", Verdict::kRejected, Reason::kRefused, "552 not today"},
      {"RCPT:534", Verdict::kRejected, Reason::kRefused, "534 not today"},
      {"DATA:538", Verdict::kRejected, Reason::kRefused, "538 not today"},
  };
  for (const auto& c : cases) {
    const std::string refuse = std::string("--refuse=") + c.refused;
    const ServerProcess server(
        {"smtp_sink.py", folder_.Path(c.refused), refuse});
    const Outcome outcome = Send(Options(server), "jane@acme.example");
    EXPECT_EQ(outcome.verdict, c.verdict) << c.refused << ' ' << outcome.detail;
    EXPECT_EQ(outcome.reason, c.reason) << c.refused;
    EXPECT_TRUE(outcome.detail.starts_with(c.detail))
        << c.refused << ' ' << outcome.detail;
  }
}

TEST_F(SmtpTest, WhatWasRefusedOnTheWayIsNotWhatBecameOfTheMail) {
  const ServerProcess old({"smtp_sink.py", folder_.path(), "--no-tls",
                           "--no-auth", "--refuse=EHLO:502"});
  SmtpOptions options = Options(old);
  options.tls = Tls::kNone;
  options.username.clear();
  const Outcome outcome = Send(options, "jane@acme.example");
  EXPECT_EQ(outcome.verdict, Verdict::kDelivered);
  EXPECT_EQ(outcome.detail, "250 2.0.0 queued as 1");
  EXPECT_EQ(outcome.provider_id, "1");
}

TEST_F(SmtpTest, WithoutTlsOnlyTheOwnMachinesRelayIsUsed) {
  const ServerProcess plain(
      {"smtp_sink.py", folder_.path(), "--no-tls", "--no-auth"});
  SmtpOptions options = Options(plain);
  options.tls = Tls::kNone;
  options.username.clear();
  EXPECT_EQ(Send(options, "jane@acme.example").verdict, Verdict::kDelivered);
  EXPECT_EQ(Check(NewSmtpChannel(options, pool_.get()).get()), "");
  options.host = "mail.example.com";
  const Outcome outcome = Send(options, "jane@acme.example");
  EXPECT_EQ(outcome.verdict, Verdict::kStop);
  EXPECT_EQ(outcome.detail,
            "without TLS only a relay on this machine may be used (`tls: "
            "none`)");
  EXPECT_NE(Check(NewSmtpChannel(options, pool_.get()).get())
                .find("without TLS only"),
            std::string::npos);
}

TEST_F(SmtpTest, AServerThatWorksPassesTheCheck) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  EXPECT_EQ(Check(NewSmtpChannel(Options(server), pool_.get()).get()), "");
  EXPECT_EQ(Stored(), 0u);
  SmtpOptions nobody = Options(server);
  nobody.port = FreePorts(1);
  EXPECT_EQ(CheckOf(NewSmtpChannel(nobody, pool_.get()).get()).reason,
            Reason::kUnreachable);
  EXPECT_EQ(Send(nobody, "jane@acme.example").reason, Reason::kUnreachable);
}

TEST_F(SmtpTest, ARepeatIsTheSameMail) {
  const ServerProcess server({"smtp_sink.py", folder_.path()});
  for (int i = 0; i < 2; ++i) Send(Options(server), "jane@acme.example");
  const std::string mail = folder_.Read("new/000001.eml");
  EXPECT_NE(mail.find("Message-ID: "
                      "<pre-0123456789abcdef0123@premura.example.test>"),
            std::string::npos);
  EXPECT_EQ(mail, folder_.Read("new/000002.eml"));
}

}  // namespace
}  // namespace premura
