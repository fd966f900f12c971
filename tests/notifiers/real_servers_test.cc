// SPDX-License-Identifier: Apache-2.0
// The channels against the servers that customers have: Request Tracker,
// Redmine, Postfix with Dovecot, Kannel.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "notifiers/channels.h"
#include "tests/notifiers/channel_calls.h"
#include "tests/notifiers/examples.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using Verdict = Outcome::Verdict;

std::string FirstLine(const std::string& path) {
  const std::string text = ReadAll(path);
  return text.substr(0, text.find('\n'));
}

Message WithKey(const std::string& key) {
  Message message = ExampleMessage();
  message.key = key;
  return message;
}

// --- Request Tracker --------------------------------------------------------

class RtTest : public ::testing::Test {
 protected:
  RtOptions Options(const ServerProcess& server) {
    RtOptions options;
    options.desk = "rt";
    options.url = server["url"] + "/";
    options.token = Secret(FirstLine(server["token_file"]));
    options.queue = "Support";
    options.name = "example.test";
    return options;
  }

  std::string Ticket(const RtOptions& options, const std::string& path) {
    TransferRequest request;
    request.url = options.url + "REST/2.0/ticket/" + path;
    request.secret_headers = {
        {"Authorization", Secret("token " + options.token.Reveal())}};
    return Await<TransferAnswer>(
               [&](std::function<void(TransferAnswer)> done) {
                 pool_->Start(request, std::move(done));
               },
               TransferAnswer{})
        .body;
  }

  TempFolder folder_;
  std::unique_ptr<TransferPool> pool_ = NewPool();
};

TEST_F(RtTest, ATicketIsMadeOnceAndFoundAgain) {
  const ServerProcess server(
      {"rt-up.sh", folder_.Path("rt"), std::to_string(FreePorts(1))});
  ASSERT_TRUE(server.ready());
  const RtOptions options = Options(server);
  const auto channel = NewRtChannel(options, pool_.get());
  EXPECT_EQ(Check(channel.get()), "");

  Message message = WithKey("pre-00000000000000000001");
  message.subject = "Café “loop” o'b\\x " + std::string(300, 'x');
  EXPECT_EQ(Find(channel.get(), message).verdict, Verdict::kRetry);
  const Outcome made = Deliver(channel.get(), message);
  ASSERT_EQ(made.verdict, Verdict::kDelivered) << made.detail;
  EXPECT_EQ(made.reason, Reason::kDelivered);
  EXPECT_EQ(made.ticket->subject_tag,
            fmt::format("[example.test #{}]", made.provider_id));
  EXPECT_EQ(made.ticket->message_id,
            fmt::format("RT-Ticket-{}@example.test", made.provider_id));

  // The second time, and by a channel that knows nothing of the first.
  const auto other = NewRtChannel(options, pool_.get());
  const Outcome again = Deliver(other.get(), message);
  EXPECT_EQ(again.reason, Reason::kAlreadyThere);
  EXPECT_EQ(again.provider_id, made.provider_id);
  EXPECT_EQ(Find(other.get(), message).provider_id, made.provider_id);
  const Outcome second =
      Deliver(channel.get(), WithKey("pre-00000000000000000002"));
  EXPECT_EQ(second.reason, Reason::kDelivered);
  EXPECT_EQ(std::stol(second.provider_id), std::stol(made.provider_id) + 1);

  const std::string ticket = Ticket(options, made.provider_id);
  for (const char* part :
       {"pre-00000000000000000001", "jane@acme.example", "Café “loop” o'b"}) {
    EXPECT_NE(ticket.find(part), std::string::npos) << ticket;
  }
  EXPECT_TRUE(ticket.find("\"Priority\" : 80") != std::string::npos ||
              ticket.find("\"Priority\" : \"80\"") != std::string::npos)
      << ticket;

  RtOptions unnamed = options;
  unnamed.requestor = false;
  const Outcome quiet = Deliver(NewRtChannel(unnamed, pool_.get()).get(),
                                WithKey("pre-0000000000000000000a"));
  ASSERT_EQ(quiet.reason, Reason::kDelivered) << quiet.detail;
  EXPECT_EQ(Ticket(options, quiet.provider_id).find("jane@acme.example"),
            std::string::npos);

  // What RT would match with everything, we do not.
  Message longest = message;
  longest.key = "pre-" + std::string(300, 'a');
  EXPECT_EQ(Find(channel.get(), longest).verdict, Verdict::kRetry);
  Message upper = message;
  upper.key = "PRE-00000000000000000001";
  EXPECT_EQ(Find(channel.get(), upper).verdict, Verdict::kRetry);

  RtOptions wrong = options;
  wrong.token = Secret("1-1-wrong");
  const auto strange = NewRtChannel(wrong, pool_.get());
  EXPECT_EQ(Check(strange.get()), fmt::format("desk `rt` ({}): RT does not "
                                              "accept the token",
                                              server["url"]));
  EXPECT_EQ(Deliver(strange.get(), message).verdict, Verdict::kStop);
  EXPECT_EQ(Find(strange.get(), message).verdict, Verdict::kStop);

  wrong = options;
  wrong.queue = "Nope";
  EXPECT_EQ(Check(NewRtChannel(wrong, pool_.get()).get()),
            fmt::format("desk `rt` ({}): there is no queue `Nope` in RT, or "
                        "the token's user may not see it",
                        server["url"]));
  const Outcome nowhere = Deliver(NewRtChannel(wrong, pool_.get()).get(),
                                  WithKey("pre-00000000000000000003"));
  EXPECT_EQ(nowhere.verdict, Verdict::kStop) << nowhere.detail;

  wrong.queue = "Support";
  wrong.key_field = "No Such Field";
  EXPECT_NE(Check(NewRtChannel(wrong, pool_.get()).get())
                .find("queue `Support` has no custom field `No Such Field`"),
            std::string::npos);
}

// --- Redmine ----------------------------------------------------------------

TEST(RedmineTest, AnIssueIsMadeOnceAndFoundAgain) {
  const TempFolder folder;
  const ServerProcess server(
      {"redmine-up.sh", folder.Path("redmine"), std::to_string(FreePorts(1))});
  ASSERT_TRUE(server.ready());
  const auto pool = NewPool();
  RedmineOptions options;
  options.desk = "redmine";
  options.url = server["url"];
  options.key = Secret(FirstLine(server["key_file"]));
  options.project = "support";
  options.tracker = "Support";
  const auto channel = NewRedmineChannel(options, pool.get());
  EXPECT_EQ(Check(channel.get()), "");

  Message message = WithKey("pre-00000000000000000001");
  message.subject = "Caffè & “loop” " + std::string(300, 'x');
  EXPECT_EQ(Find(channel.get(), message).verdict, Verdict::kRetry);
  const Outcome made = Deliver(channel.get(), message);
  ASSERT_EQ(made.reason, Reason::kDelivered) << made.detail;
  EXPECT_EQ(made.ticket->subject_tag, "[#" + made.provider_id + "]");
  const auto other = NewRedmineChannel(options, pool.get());
  const Outcome again = Deliver(other.get(), message);
  EXPECT_EQ(again.reason, Reason::kAlreadyThere);
  EXPECT_EQ(again.provider_id, made.provider_id);
  const Outcome second =
      Deliver(channel.get(), WithKey("pre-00000000000000000002"));
  EXPECT_EQ(second.reason, Reason::kDelivered);
  EXPECT_NE(second.provider_id, made.provider_id);

  TransferRequest request;
  request.url = fmt::format("{}/issues/{}.json", options.url, made.provider_id);
  request.secret_headers = {{"X-Redmine-API-Key", options.key}};
  const std::string issue = Await<TransferAnswer>(
                                [&](std::function<void(TransferAnswer)> done) {
                                  pool->Start(request, std::move(done));
                                },
                                TransferAnswer{})
                                .body;
  for (const char* part : {"pre-00000000000000000001", R"("name":"High")",
                           R"("name":"Support")", "Caffè ", "“loop”"}) {
    EXPECT_NE(issue.find(part), std::string::npos) << issue;
  }

  // 422 comes with Redmine's own words.
  Message nameless = WithKey("pre-00000000000000000004");
  nameless.subject.clear();
  const Outcome refused = Deliver(channel.get(), nameless);
  EXPECT_EQ(refused.verdict, Verdict::kRejected);
  EXPECT_NE(refused.detail.find("Subject cannot be blank"), std::string::npos)
      << refused.detail;

  // The field is not there for this tracker: Redmine drops the key in silence.
  RedmineOptions bare = options;
  bare.tracker = "Keyless";
  const auto keyless = NewRedmineChannel(bare, pool.get());
  EXPECT_EQ(Check(keyless.get()), "");
  const Outcome bare_one =
      Deliver(keyless.get(), WithKey("pre-00000000000000000005"));
  EXPECT_EQ(bare_one.reason, Reason::kDelivered);
  const Outcome stopped =
      Deliver(keyless.get(), WithKey("pre-00000000000000000006"));
  EXPECT_EQ(stopped.verdict, Verdict::kStop);
  EXPECT_EQ(stopped.detail,
            fmt::format("Redmine keeps no custom field `Premura Key` in issues "
                        "of project `support` (see issue {}): enable it for "
                        "the project and the tracker; without it tickets could "
                        "come twice",
                        bare_one.provider_id));
  EXPECT_EQ(Check(keyless.get()), fmt::format("desk `redmine` ({}): {}",
                                              options.url, stopped.detail));

  const auto check = [&](const RedmineOptions& wrong) {
    return Check(NewRedmineChannel(wrong, pool.get()).get());
  };
  const std::string desk = fmt::format("desk `redmine` ({}): ", options.url);
  RedmineOptions wrong = options;
  wrong.key = Secret("wrong");
  EXPECT_EQ(check(wrong), desk + "Redmine does not accept the key");
  wrong = options;
  wrong.project = "nope";
  EXPECT_EQ(check(wrong), desk +
                              "there is no project `nope` in Redmine, or the "
                              "key's user may not see it");
  wrong = options;
  wrong.tracker = "Nope";
  EXPECT_EQ(check(wrong), desk + "project `support` has no tracker `Nope`");
  wrong = options;
  wrong.key_field = "Nope";
  EXPECT_EQ(
      check(wrong).find(desk + "there is no custom field `Nope` for issues of "
                               "project `support`: add one"),
      0u);
  EXPECT_EQ(
      Deliver(NewRedmineChannel(wrong, pool.get()).get(), message).verdict,
      Verdict::kStop);
}

// --- Mail -------------------------------------------------------------------

class MailTest : public ::testing::Test {
 protected:
  SmtpOptions Options() {
    SmtpOptions options;
    options.host = "localhost";
    options.port = std::stoi(server_["smtp"]);
    options.username = "premura";
    options.password = Secret("mailpw");
    options.ca_file = server_["ca"];
    options.from_name = "Anna dell’assistenza";
    options.from_address = "support@example.test";
    options.reply_to = "support@example.test";
    options.unsubscribe_mailto = "unsubscribe@example.test";
    options.unsubscribe_url = "https://example.test/stop/{key}";
    options.message_id_domain = "premura.example.test";
    return options;
  }

  // Jane's mail with this key.
  std::string Fetched(const std::string& key) {
    int status = -1;
    const std::string mail = OutputOf(
        {PREMURA_SOURCE_DIR "/tests/support/fetch_mail.py", server_["imap"],
         server_["ca"], "jane", "mailpw", "X-Premura-Key", key},
        &status);
    EXPECT_EQ(status, 0);
    return mail;
  }

  TempFolder folder_;
  ServerProcess server_{
      {"mail-up.sh", folder_.Path("mail"), std::to_string(FreePorts(3))}};
  std::unique_ptr<TransferPool> pool_ = NewPool();
};

TEST_F(MailTest, AMailArrivesAsItWasMeant) {
  ASSERT_TRUE(server_.ready());
  SmtpOptions options = Options();
  const auto starttls = NewSmtpChannel(options, pool_.get());
  EXPECT_EQ(Check(starttls.get()), "");
  Message message = WithKey("pre-00000000000000000001");
  message.subject = "Possiamo aiutarla – con il pagamento?";
  message.text = "Buongiorno Marta,\n\n.il più delle volte è la banca\n";
  message.html = "<p>Buongiorno Marta,</p>\n";
  message.ticket = TicketReference{"rt", "4711", "[example.test #4711]",
                                   "RT-Ticket-4711@example.test"};
  const Outcome sent = Deliver(starttls.get(), message);
  ASSERT_EQ(sent.verdict, Verdict::kDelivered) << sent.detail;
  EXPECT_FALSE(sent.provider_id.empty()) << sent.detail;

  const std::string mail = Fetched(message.key);
  for (const char* part :
       {"Message-ID: <pre-00000000000000000001@premura.example.test>",
        "Date: Sun, 22 Nov 2026 04:00:00 +0000",
        "References: <RT-Ticket-4711@example.test>",
        "In-Reply-To: <RT-Ticket-4711@example.test>",
        "Reply-To: support@example.test", "Auto-Submitted: auto-generated",
        "<https://example.test/stop/pre-00000000000000000001>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Content-Language: en", "=E2=80=93", ".il pi=C3=B9 delle volte",
        "<p>Buongiorno Marta,</p>", "Return-Path: <support@example.test>"}) {
    EXPECT_NE(mail.find(part), std::string::npos) << part << "\n" << mail;
  }

  options.tls = SmtpOptions::Tls::kImplicit;
  options.port = std::stoi(server_["smtps"]);
  message.key = "pre-00000000000000000002";
  EXPECT_EQ(
      Deliver(NewSmtpChannel(options, pool_.get()).get(), message).verdict,
      Verdict::kDelivered);
  EXPECT_NE(Fetched(message.key).find("pre-00000000000000000002@premura"),
            std::string::npos);
}

TEST_F(MailTest, RefusalsAndMisconfigurationsAreToldApart) {
  ASSERT_TRUE(server_.ready());
  const SmtpOptions options = Options();
  Message unknown = ExampleMessage();
  unknown.to = "unknown.person@acme.example";
  const Outcome refused =
      Deliver(NewSmtpChannel(options, pool_.get()).get(), unknown);
  EXPECT_EQ(refused.verdict, Verdict::kRejected) << refused.detail;
  EXPECT_EQ(refused.detail.find("unknown.person"), std::string::npos);
  EXPECT_NE(refused.detail.find("550 5.1.1"), std::string::npos)
      << refused.detail;

  Message busy = ExampleMessage();
  busy.to = "later@acme.example";
  EXPECT_EQ(Deliver(NewSmtpChannel(options, pool_.get()).get(), busy).verdict,
            Verdict::kRetry);

  SmtpOptions wrong = options;
  wrong.password = Secret("no");
  EXPECT_EQ(Deliver(NewSmtpChannel(wrong, pool_.get()).get(), ExampleMessage())
                .verdict,
            Verdict::kStop);
  wrong = options;
  wrong.ca_file.clear();  // The system does not know this certificate.
  EXPECT_EQ(Deliver(NewSmtpChannel(wrong, pool_.get()).get(), ExampleMessage())
                .verdict,
            Verdict::kStop);
}

// --- SMS --------------------------------------------------------------------

TEST(KannelTest, TextsArriveWhole) {
  const TempFolder folder;
  const ServerProcess server(
      {"kannel-up.sh", folder.Path("kannel"), std::to_string(FreePorts(4))});
  ASSERT_TRUE(server.ready());
  const auto pool = NewPool();
  KannelOptions options;
  options.url = server["url"];
  options.username = "premura";
  options.password = Secret("smspw");
  options.sender = "Example";
  const auto channel = NewKannelChannel(options, pool.get());
  EXPECT_EQ(Check(channel.get()), "");
  EXPECT_EQ(channel->on_doubt(), OnDoubt::kHold);

  Message message = ExampleMessage();
  message.to = "+39 333 1234567";
  for (const std::string& text :
       {std::string("it’s 5 € & più {x} 100% +1 = #"), std::string("Žluť 👍"),
        std::string(161, 'a')}) {
    message.text = text;
    const Outcome outcome = Deliver(channel.get(), message);
    EXPECT_EQ(outcome.verdict, Verdict::kDelivered) << outcome.detail;
    EXPECT_EQ(outcome.detail, "202: 0: Accepted for delivery");
  }
  // The SMSC writes what it is given; four lines come, the last of two parts.
  std::string sent;
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::count(sent.begin(), sent.end(), '\n') < 4 &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    sent = ReadAll(server["sent"]);
  }
  EXPECT_NE(sent.find("Example +393331234567 text it's 5 € & più {x} 100% +1 "
                      "= #\n"),
            std::string::npos)
      << sent;
  EXPECT_NE(sent.find("Example +393331234567 ucs-2 "), std::string::npos);
  EXPECT_NE(sent.find("%D8%3D%DCM"), std::string::npos) << sent;
  EXPECT_NE(sent.find("%02%01 data " + std::string(153, 'a') + "\n"),
            std::string::npos)
      << sent;
  EXPECT_NE(sent.find("%02%02 data " + std::string(8, 'a') + "\n"),
            std::string::npos)
      << sent;

  options.password = Secret("wrong");
  const auto strange = NewKannelChannel(options, pool.get());
  EXPECT_EQ(Check(strange.get()),
            fmt::format("sms ({}): Kannel does not accept user or password",
                        strange->host()));
  EXPECT_EQ(Deliver(strange.get(), message).verdict, Verdict::kStop);
  message.to = "12";
  EXPECT_EQ(Deliver(channel.get(), message).reason, Reason::kBadAddress);
}

}  // namespace
}  // namespace premura
