// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mime.h"

#include <gtest/gtest.h>

#include "tests/notifiers/examples.h"

namespace premura {
namespace {

SmtpOptions Options() {
  SmtpOptions options;
  options.from_name = "Anna from Example";
  options.from_address = "support@example.com";
  options.reply_to = "help@example.com";
  options.unsubscribe_mailto = "unsubscribe@example.com";
  options.message_id_domain = "premura.example.com";
  return options;
}

bool HasLine(const std::string& mail, const std::string& line) {
  return ("\r\n" + mail).find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(MimeTest, AMailIsTheseBytes) {
  Message message = ExampleMessage();
  message.html = "<p>Hello Jane,</p>\n";
  message.ticket = TicketReference{"rt", "4711", "[example.com #4711]",
                                   "RT-Ticket-4711@example.com"};
  const Result<std::string> mail = BuildMail(message, Options());
  ASSERT_TRUE(mail.ok()) << mail.error().message;
  EXPECT_EQ(
      mail.value(),
      "Date: Sun, 22 Nov 2026 04:00:00 +0000\r\n"
      "From: \"Anna from Example\" <support@example.com>\r\n"
      "To: \"Jane Doe\" <jane@acme.example>\r\n"
      "Reply-To: help@example.com\r\n"
      "Subject: Can we help with the payment? [example.com #4711]\r\n"
      "Message-ID: <pre-0123456789abcdef0123@premura.example.com>\r\n"
      "In-Reply-To: <RT-Ticket-4711@example.com>\r\n"
      "References: <RT-Ticket-4711@example.com>\r\n"
      "Auto-Submitted: auto-generated\r\n"
      "List-Unsubscribe: <mailto:unsubscribe@example.com?subject=unsubscribe%20"
      "pre-0123456789abcdef0123>\r\n"
      "X-Premura-Key: pre-0123456789abcdef0123\r\n"
      "MIME-Version: 1.0\r\n"
      "Content-Language: en\r\n"
      "Content-Type: multipart/alternative; "
      "boundary=\"=_pre-0123456789abcdef0123\"\r\n"
      "\r\n"
      "--=_pre-0123456789abcdef0123\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n"
      "\r\n"
      "Hello Jane,\r\n"
      "\r\n"
      "answer this mail.\r\n"
      "\r\n"
      "--=_pre-0123456789abcdef0123\r\n"
      "Content-Type: text/html; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n"
      "\r\n"
      "<p>Hello Jane,</p>\r\n"
      "\r\n"
      "--=_pre-0123456789abcdef0123--\r\n");
}

TEST(MimeTest, OneClickIsOfferedOnlyByHttps) {
  SmtpOptions options = Options();
  options.unsubscribe_mailto.clear();
  options.unsubscribe_url = "https://example.com/stop/{key}";
  std::string mail = BuildMail(ExampleMessage(), options).value();
  EXPECT_TRUE(HasLine(mail,
                      "List-Unsubscribe: "
                      "<https://example.com/stop/pre-0123456789abcdef0123>"));
  EXPECT_TRUE(
      HasLine(mail, "List-Unsubscribe-Post: List-Unsubscribe=One-Click"));

  options.unsubscribe_url = "http://example.com/stop";
  mail = BuildMail(ExampleMessage(), options).value();
  EXPECT_EQ(mail.find("List-Unsubscribe-Post"), std::string::npos);

  options.unsubscribe_url.clear();
  mail = BuildMail(ExampleMessage(), options).value();
  EXPECT_EQ(mail.find("List-Unsubscribe"), std::string::npos);
}

TEST(MimeTest, ATagThatTheSubjectHasIsNotDoubled) {
  Message message = ExampleMessage();
  message.subject = "Payment [example.com #4711]";
  message.ticket = TicketReference{"rt", "4711", "[example.com #4711]", ""};
  const std::string mail = BuildMail(message, Options()).value();
  EXPECT_TRUE(HasLine(mail, "Subject: Payment [example.com #4711]"));
  EXPECT_EQ(mail.find("References"), std::string::npos);
}

TEST(MimeTest, WhatCouldForgeAHeaderIsRefused) {
  const struct {
    const char* what;
    void (*change)(Message*, SmtpOptions*);
    const char* message;
  } cases[] = {
      {"recipient",
       [](Message* m, SmtpOptions*) {
         m->to = "jane@acme.example>\r\nRCPT TO:<evil@x.example";
       },
       "the customer's mail address is not one"},
      {"subject",
       [](Message* m, SmtpOptions*) {
         m->subject = "a\r\nBcc: evil@x.example";
       },
       "control characters in the subject"},
      {"key", [](Message* m, SmtpOptions*) { m->key = "a\nb"; },
       "control characters in the key"},
      {"key with brackets", [](Message* m, SmtpOptions*) { m->key = "a>b"; },
       "a key, address or Message-ID is not plain ASCII"},
      {"tag",
       [](Message* m, SmtpOptions*) {
         m->ticket = TicketReference{"rt", "1", "[a\r\n#1]", ""};
       },
       "control characters in the ticket's tag"},
      {"reference",
       [](Message* m, SmtpOptions*) {
         m->ticket = TicketReference{"rt", "1", "", "a\r\nb"};
       },
       "control characters in the ticket's Message-ID"},
      {"sender's name",
       [](Message*, SmtpOptions* o) { o->from_name = "Anna\r\nBcc: x"; },
       "control characters in the name of the sender"},
      {"sender", [](Message*, SmtpOptions* o) { o->from_address = "support"; },
       "`from` is not a mail address"},
      {"reply to", [](Message*, SmtpOptions* o) { o->reply_to = "a b@c.d"; },
       "`reply_to` is not a mail address"},
      {"unsubscribe",
       [](Message*, SmtpOptions* o) { o->unsubscribe_mailto = "x"; },
       "`unsubscribe` is not a mail address"},
      {"unsubscribe url",
       [](Message*, SmtpOptions* o) { o->unsubscribe_url = "https://x\r\n"; },
       "control characters in the unsubscribe address"},
      {"domain",
       [](Message*, SmtpOptions* o) { o->message_id_domain = "x\ny"; },
       "control characters in the domain of Message-ID"},
  };
  for (const auto& c : cases) {
    Message message = ExampleMessage();
    SmtpOptions options = Options();
    c.change(&message, &options);
    const Result<std::string> mail = BuildMail(message, options);
    ASSERT_FALSE(mail.ok()) << c.what;
    EXPECT_EQ(mail.error().message, c.message);
  }
}

TEST(MimeTest, ACustomersNameIsMadeHarmless) {
  Message message = ExampleMessage();
  message.to_name = "Jane\r\nBcc: evil@x.example\" \\";
  const std::string mail = BuildMail(message, Options()).value();
  EXPECT_TRUE(HasLine(mail,
                      "To: \"Jane Bcc: evil@x.example\\\" \\\\\" "
                      "<jane@acme.example>"));
}

TEST(MimeTest, ALongNameIsFoldedToo) {
  Message message = ExampleMessage();
  message.to_name.clear();
  for (int i = 0; i < 20; ++i) message.to_name += "Anna \\ \"";
  const std::string mail = BuildMail(message, Options()).value();
  std::string unfolded = mail.substr(mail.find("To: "));
  for (std::size_t at = 0; at < mail.size();) {
    const std::size_t end = mail.find("\r\n", at);
    std::string line = mail.substr(at, end - at);  // Of To: alone.
    if (line.find("Anna") == line.npos) line.clear();
    EXPECT_LE(line.size(), 76U) << line;
    at = end + 2;
  }
  for (std::size_t at; (at = unfolded.find("\r\n ")) != unfolded.npos;) {
    unfolded.erase(at, 2);
  }
  EXPECT_TRUE(unfolded.starts_with("To: \"Anna \\\\ \\\"Anna \\\\ \\\"Anna"))
      << unfolded.substr(0, 200);
}

TEST(MimeTest, HeadersAreEncodedAndFolded) {
  EXPECT_EQ(EncodeHeader("Subject", "Zahlung – können wir?"),
            "Subject: =?UTF-8?Q?Zahlung_=E2=80=93_k=C3=B6nnen_wir=3F?=\r\n");
  EXPECT_EQ(EncodeHeader("Subject", "=?UTF-8?Q?x?="),
            "Subject: =?UTF-8?Q?=3D=3FUTF=2D8=3FQ=3Fx=3F=3D?=\r\n");
  for (const std::string& value :
       {std::string(300, 'x'), std::string("word ") + std::string(60, 'y') +
                                   std::string(" ") + std::string(60, 'z')}) {
    const std::string header = EncodeHeader("Subject", value);
    std::string unfolded = header;
    for (std::size_t at; (at = unfolded.find("\r\n ")) != std::string::npos;) {
      unfolded.erase(at, 2);
    }
    EXPECT_EQ(unfolded, "Subject: " + value + "\r\n");
  }
  std::string long_words;
  for (int i = 0; i < 40; ++i) long_words += "è👍";
  const std::string header = EncodeHeader("Subject", long_words);
  for (std::size_t at = 0; at < header.size();) {
    const std::size_t end = header.find("\r\n", at);
    EXPECT_LE(end - at, 76u);
    at = end + 2;
  }
}

TEST(MimeTest, QuotedPrintableLinesStayShortAndPure) {
  const struct {
    std::string text;
    std::string expected;
  } cases[] = {
      {"", ""},
      {"a", "a\r\n"},
      {"a\n", "a\r\n"},
      {"a\r\nb\n", "a\r\nb\r\n"},
      {"a \nb\t\n", "a=20\r\nb=09\r\n"},
      {"1=2 è", "1=3D2 =C3=A8\r\n"},
      {".dot\n", ".dot\r\n"},
      {std::string(80, 'x'), std::string(75, 'x') + "=\r\nxxxxx\r\n"},
      {std::string(74, 'x') + "è", std::string(74, 'x') + "=\r\n=C3=A8\r\n"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(EncodeQuotedPrintable(c.text), c.expected) << c.text;
  }
}

TEST(MimeTest, DatesAreWrittenInEnglishAndUtc) {
  EXPECT_EQ(FormatMailDate(At("2026-02-01T23:59:58+01:00")),
            "Sun, 1 Feb 2026 22:59:58 +0000");
  EXPECT_EQ(FormatMailDate(At("2024-02-29T00:00:00Z")),
            "Thu, 29 Feb 2024 00:00:00 +0000");
}

}  // namespace
}  // namespace premura
