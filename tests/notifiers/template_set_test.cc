// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "notifiers/gsm7.h"
#include "notifiers/template_facts.h"
#include "notifiers/templates.h"
#include "tests/notifiers/support/template_folder.h"

namespace premura {
namespace {

TEST_F(TemplateSetTest, AnEmailSaysWhyWhoAndHowToStop) {
  folder_.Write("t.en.yaml", kFull);
  const auto set = Load();
  ASSERT_EQ(RenderText(diagnostics_), "");
  const Result<Rendered> mail = set->Render("t", "email", Input());
  ASSERT_TRUE(mail.ok()) << mail.error().message;
  EXPECT_EQ(mail.value().subject, "Can we help?");
  EXPECT_EQ(mail.value().text,
            "Hello Marta,\n\n"
            "https://example.com/help/card-confirmation\n\n"
            "at 09:52 on 2026-11-22.\n\n"
            "Anna Rossi\n\n"
            "You get this because 3 things happened. Enough? answer STOP.\n");
  EXPECT_NE(mail.value().html.find("<p>Hello Marta,</p>"), std::string::npos);
  EXPECT_NE(mail.value().html.find("<a href=\"https://example.com/help/"
                                   "card-confirmation\">"),
            std::string::npos);
  EXPECT_EQ(mail.value().locale, "en");
}

TEST_F(TemplateSetTest, TellsTheCauseAndHowLongItTook) {
  folder_.Write("t.en.yaml",
                "ticket:\n  subject: s\n  text: |\n"
                "    Cause: {{cause}}\n    In: {{span}}\n    x\n");
  const auto set = Load();
  ASSERT_EQ(RenderText(diagnostics_), "");
  const auto said = [&] {
    return set->Render("t", "ticket", Input()).value().text;
  };
  record_.cause = {{"reason", "\"3ds_timeout\""}, {"code", "7"}};
  EXPECT_EQ(said(), "Cause: 3ds_timeout, 7\nIn: 11 min\nx\n");
  record_.cause.clear();
  const std::pair<std::chrono::seconds, const char*> spans[] = {
      {std::chrono::seconds(59), "59 s"},
      {std::chrono::seconds(119), "1 min"},
      {std::chrono::minutes(125), "2 h 5 min"},
      {std::chrono::hours(48), "2 d"},
      {std::chrono::hours(76), "3 d 4 h"},
  };
  for (const auto& [span, words] : spans) {
    record_.evidence.back().at = record_.evidence.front().at + span;
    EXPECT_EQ(said(), "In: " + std::string(words) + "\nx\n");
  }
  record_.evidence.resize(1);  // It took no time.
  EXPECT_EQ(said(), "x\n");
}

TEST_F(TemplateSetTest, NumbersKeepTheirDigitsHoweverLarge) {
  folder_.Write("t.en.yaml",
                "ticket:\n"
                "  subject: order {{#event.no}}{{event.no}}{{/event.no}}\n"
                "  text: |\n"
                "    {{cause}}\n    {{group.no}}\n"
                "    {{#evidence}}\n    {{details}}\n    {{/evidence}}\n");
  const auto set = Load();
  ASSERT_EQ(RenderText(diagnostics_), "");
  const struct {
    const char* json;
    const char* text;
  } cases[] = {
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"18446744073709551615", "18446744073709551615"},
      {"18446744073709551616", "18446744073709551616"},
      {"-9223372036854775809", "-9223372036854775809"},
      {"1e999", "1e999"},
      {"[7,18446744073709551616,null,\"a\\u00e8\",[1e999,true]]",
       "7, 18446744073709551616, , aè, 1e999, true"},
      {"{\"a\":[18446744073709551616],\"b\":\"c\"}",
       "{\"a\":[18446744073709551616],\"b\":\"c\"}"},
      {"12.5", "12.5"},
      {"false", "false"},
  };
  for (const auto& c : cases) {
    const std::string text = c.text;
    record_.cause = record_.group = {{"no", c.json}};
    record_.evidence = {{"order", {}, "e1", {{"no", c.json}, {"amount", "7"}}}};
    const auto said = set->Render("t", "ticket", Input()).value();
    EXPECT_EQ(said.subject, "order " + text);
    EXPECT_EQ(said.text, text + "\n" + text + "\nno " + text + ", amount 7\n");
  }
}

TEST_F(TemplateSetTest, DetailsAreOfTheRulesOwnFields) {
  folder_.Write("t.en.yaml",
                "ticket:\n  subject: s\n  text: |\n"
                "    {{#evidence}}\n    {{name}}: {{details}}\n"
                "    {{/evidence}}\n    score {{event.score}}\n");
  const auto set = Load();
  record_.evidence = {
      {"order", {}, "e1", {{"page", "\"/a\""}, {"score", "7"}}}};
  const auto said = [&] {
    return set->Render("t", "ticket", Input()).value().text;
  };
  record_.shown = {"page"};
  EXPECT_EQ(said(), "order: page /a\nscore 7\n");
  record_.shown.emplace();
  EXPECT_EQ(said(), "order:\nscore 7\n");
  record_.shown.reset();  // A case of an earlier version.
  EXPECT_EQ(said(), "order: page /a, score 7\nscore 7\n");
}

TEST_F(TemplateSetTest, OnlyWhatOthersSayIsCut) {
  folder_.Write("t.en.yaml",
                "ticket:\n  subject: s\n  text: |\n"
                "    {{sender.stop_url}}\n    {{article_url}}\n    {{done}}\n"
                "    {{customer.name}}\n    {{event.page}}\n"
                "    {{#evidence}}\n    {{name}}|{{details}}\n"
                "    {{/evidence}}\n");
  const std::string x(250, 'x');
  sender_.stop_url = "https://example.com/stop?" + x;
  record_.article = x;
  record_.evidence = {EvidenceEvent{}};
  record_.evidence[0].name = x;
  record_.evidence[0].fields = {{"page", '"' + x + '"'}};
  const Profile profile({{"name", '"' + x + '"'}}, {});
  RenderInput input = Input();
  input.profile = &profile;
  std::string done;
  for (int i = 0; i < 20; ++i) {
    DoneStep step;
    step.what = DoneStep::What::kPerhapsSent;
    step.channel = "email";
    input.done.push_back(step);
    done += (i == 0 ? "" : "; ") + std::string("email perhaps sent");
  }
  const std::string cut(200, 'x');
  EXPECT_EQ(Load()->Render("t", "ticket", input).value().text,
            "https://example.com/stop?" + x + "\nhttps://example.com/help/" +
                x + "\n" + done + "\n" + cut + "\n" + cut + "\n" + cut +
                "|page " + cut.substr(5) + "\n");
}

TEST_F(TemplateSetTest, WordsForWhatIsNotKnownAreLeftOut) {
  folder_.Write("t.en.yaml", kFull);
  const auto set = Load();
  const Profile nobody({}, {});
  RenderInput input = Input();
  input.profile = &nobody;
  record_.article.clear();
  EXPECT_EQ(set->Render("t", "email", input).value().text,
            "Hello,\n\n"
            "at 09:52 on 2026-11-22.\n\n"
            "Anna Rossi\n\n"
            "You get this because 3 things happened. Enough? answer STOP.\n");
  EXPECT_EQ(set->Render("t", "ticket", input).value().text,
            "Saw 3:\n"
            "  09:41 page_viewed page /billing/card\n"
            "  09:44 payment_failed reason 3ds_timeout, amount 12.5\n"
            "  09:52 page_viewed page /billing/card\n"
            "Did: nothing yet\n"
            "Last page /billing/card, reason 3ds_timeout, from 10.0.0.1\n");
}

TEST_F(TemplateSetTest, ATicketTellsTheAgentWhatIsKnown) {
  folder_.Write("t.en.yaml", kFull);
  const auto set = Load();
  RenderInput input = Input();
  input.done = {
      {DoneStep::What::kSent, "email", {}, At("2026-11-22T08:55:00Z")},
      {DoneStep::What::kHeld, "sms", Reason::kStopAll, {}}};
  input.ticket = TicketReference{"rt", "4711", "", ""};
  const Result<Rendered> ticket = set->Render("t", "ticket", input);
  EXPECT_EQ(ticket.value().subject,
            "Keeps coming back to the billing page: acme");
  EXPECT_EQ(ticket.value().text.substr(0, 27), "Who: Marta Bianchi, owner\nS");
  EXPECT_NE(ticket.value().text.find(
                "Did: email sent 2026-11-22 09:55; sms held: stop all\n"
                "Ticket 4711\n"),
            std::string::npos);
}

TEST_F(TemplateSetTest, OnlyTheNewestEventsAreListed) {
  folder_.Write("t.en.yaml", kFull);
  const EvidenceEvent event = record_.evidence[0];
  record_.evidence.assign(13, event);
  const std::string text = Load()->Render("t", "ticket", Input()).value().text;
  EXPECT_NE(text.find("Saw 13, 3 before:"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 1 + 10 + 1 + 1);
}

TEST_F(TemplateSetTest, AnSmsIsPlainText) {
  folder_.Write("t.en.yaml", kFull);
  sender_.organisation = "Example’s <b>";
  EXPECT_EQ(Load()->Render("t", "sms", Input()).value().text,
            "Example's <b>: trouble? Call 02 1234567. STOP to opt out");
}

TEST_F(TemplateSetTest, AnSmsIsNeverMoreThanSix) {
  std::string long_name;
  for (int i = 0; i < 200; ++i) long_name += "👍";
  folder_.Write("t.en.yaml",
                "sms: '{{customer.name}} {{customer.role}} {{customer.id}} "
                "{{sender.phone}} STOP'\n");
  const Profile profile(
      {{"name", '"' + long_name + '"'}, {"role", '"' + long_name + '"'}}, {});
  RenderInput input = Input();
  input.profile = &profile;
  const auto set = Load();
  const Result<Rendered> sms = set->Render("t", "sms", input);
  ASSERT_TRUE(sms.ok()) << sms.error().message;
  EXPECT_EQ(MeasureSms(sms.value().text).segments, 4);
  EXPECT_TRUE(
      sms.value().text.ends_with(record_.customer + " 02 1234567 STOP"));

  folder_.Write("t.en.yaml",
                "sms: '" + long_name + long_name + " {{sender.phone}} STOP'\n");
  const Result<Rendered> too_long = Load()->Render("t", "sms", Input());
  ASSERT_FALSE(too_long.ok());
  EXPECT_EQ(too_long.error().message,
            "template `t`: it would be 13 SMS, more than 6");
}

TEST_F(TemplateSetTest, ATextThatNobodyCouldReadIsAnError) {
  std::string text = "ticket: {subject: s, text: '";
  for (int i = 0; i < 3000; ++i) text += "{{customer.name}}";
  folder_.Write("t.en.yaml", text + "'}\n");
  const Profile profile({{"name", '"' + std::string(200, 'x') + '"'}}, {});
  RenderInput input = Input();
  input.profile = &profile;
  const Result<Rendered> ticket = Load()->Render("t", "ticket", input);
  ASSERT_FALSE(ticket.ok());
  EXPECT_EQ(ticket.error().message,
            "template `t`: the text is longer than 262144 bytes");
}

TEST_F(TemplateSetTest, WhatCustomersWriteBecomesNoLink) {
  folder_.Write(
      "t.en.yaml",
      "why: w\nemail:\n  subject: s\n  text: |\n"
      "    Hello {{customer.first_name}}|{{customer.name}},\n"
      "    {{article_url}} https://acme.example/x/{{customer.role}}\n");
  const Profile profile(
      {{"name", "\"https://evil.example now\""}, {"role", "\"owner\""}}, {});
  RenderInput input = Input();
  input.profile = &profile;
  const Result<Rendered> mail = Load()->Render("t", "email", input);
  ASSERT_TRUE(mail.ok()) << mail.error().message;
  const std::string& html = mail.value().html;
  EXPECT_EQ(html.find("href=\"https://evil"), std::string::npos) << html;
  EXPECT_NE(html.find("Hello |https://evil.example now,"), std::string::npos);
  EXPECT_NE(
      html.find("<a href=\"https://example.com/help/card-confirmation\">"),
      std::string::npos);
  EXPECT_NE(html.find("<a href=\"https://acme.example/x/owner\">"),
            std::string::npos);
}

TEST_F(TemplateSetTest, WhatCustomersWriteCannotBreakOut) {
  folder_.Write("t.en.yaml",
                "why: x\n"
                "email:\n"
                "  subject: 'Hi{{#customer.name}} {{customer.name}}"
                "{{/customer.name}}'\n"
                "  text: '{{customer.name}}'\n"
                "  html: '<p>{{customer.name}}</p>'\n");
  const Profile evil(
      {{"name", R"("<script>&\"'\r\nBcc: x@y.z {{sender.phone}}\u0001")"}}, {});
  RenderInput input = Input();
  input.profile = &evil;
  const Rendered mail = Load()->Render("t", "email", input).value();
  EXPECT_EQ(mail.subject, "Hi <script>&\"' Bcc: x@y.z {{sender.phone}}");
  EXPECT_EQ(mail.text.substr(0, mail.text.find('\n')),
            "<script>&\"' Bcc: x@y.z {{sender.phone}}");
  EXPECT_EQ(mail.html.find("<script>"), std::string::npos);
  EXPECT_NE(mail.html.find("<p>&lt;script&gt;&amp;&quot;&apos; Bcc"),
            std::string::npos)
      << mail.html;
}

TEST_F(TemplateSetTest, TheFirstNameIsTheFirstWordOfTheName) {
  const struct {
    Profile::Values values;
    const char* greeting;
  } cases[] = {
      {{{"name", "\"Marta Bianchi\""}}, "Hello Marta,"},
      {{{"name", "\"Marta\""}}, "Hello Marta,"},
      {{{"name", "\"Bianchi, Marta\""}}, "Hello,"},
      {{{"name", "\"Bianchi, Marta\""}, {"first_name", "\"Marta\""}},
       "Hello Marta,"},
      {{}, "Hello,"},
  };
  folder_.Write("t.en.yaml", kFull);
  const auto set = Load();
  for (const auto& c : cases) {
    const Profile profile(c.values, {});
    RenderInput input = Input();
    input.profile = &profile;
    const std::string text = set->Render("t", "email", input).value().text;
    EXPECT_EQ(text.substr(0, text.find('\n')), c.greeting);
  }
}

TEST_F(TemplateSetTest, TheLanguageFallsBack) {
  folder_.Write("_standard.it.yaml", kStandard);
  folder_.Write("t.en.yaml", kFull);
  for (const char* locale : {"it", "de-AT"}) {
    folder_.Write(std::string("t.") + locale + ".yaml",
                  "ticket: {subject: a, text: b}\n");
  }
  const auto set = Load();
  ASSERT_EQ(RenderText(diagnostics_), "");
  EXPECT_EQ(set->Locales("t", "ticket"),
            (std::vector<std::string>{"de-AT", "en", "it"}));
  EXPECT_EQ(set->Locales("t", "email"), (std::vector<std::string>{"en"}));
  const struct {
    const char* wanted;
    const char* channel;
    const char* chosen;
  } cases[] = {
      {"it-CH", "ticket", "it"},    {"it_ch", "ticket", "it"},
      {"de-AT", "ticket", "de-AT"}, {"de", "ticket", "en"},
      {"IT", "ticket", "it"},       {"it", "email", "en"},
      {"", "ticket", "en"},         {"klingon", "ticket", "en"},
  };
  for (const auto& c : cases) {
    RenderInput input = Input();
    input.locale = c.wanted;
    EXPECT_EQ(set->Render("t", c.channel, input).value().locale, c.chosen)
        << c.wanted;
  }
  folder_.Write("u.fr.yaml", "ticket: {subject: a, text: b}\n");
  EXPECT_EQ(Load()->Render("u", "ticket", Input()).value().locale, "fr");
}

TEST_F(TemplateSetTest, ALaterFolderWins) {
  TempFolder own;
  folder_.Write("t.en.yaml", kFull);
  own.Write("t.en.yaml", "ticket: {subject: ours, text: b}\n");
  const std::string folders[] = {folder_.path(), own.path()};
  const auto set = TemplateSet::Load(folders, "en", &diagnostics_);
  EXPECT_EQ(set->Render("t", "ticket", Input()).value().subject, "ours");
  EXPECT_FALSE(set->Has("t", "sms"));
}

TEST_F(TemplateSetTest, WhatEditorsAndSystemsLeaveBehindIsPassedOver) {
  folder_.Write("t.en.yaml", kFull);
  folder_.Write("._t.en.yaml", std::string(1, '\0'));
  folder_.Write(".#t.en.yaml", "");
  EXPECT_EQ(Load()->Names(), std::vector<std::string>{"t"});
  EXPECT_EQ(RenderText(diagnostics_), "");
}

TEST_F(TemplateSetTest, ThePropertiesThatTemplatesNameAreKnown) {
  folder_.Write("t.en.yaml", kFull);
  folder_.Write("u.en.yaml",
                "ticket: {subject: a, text: '{{event.properties.name}} "
                "{{event.name}} {{event.d.ip}}'}\n");
  EXPECT_EQ(Load()->EventProperties(),
            (std::vector<std::string>{"d.ip", "name", "page", "reason"}));
  EXPECT_EQ(Load()->Names(), (std::vector<std::string>{"t", "u"}));
}

TEST_F(TemplateSetTest, TimesAreTheCustomersOwn) {
  folder_.Write("_standard.en.yaml",
                std::string(kStandard) + "date: '%d/%m/%Y'\n");
  folder_.Write("t.en.yaml",
                "ticket: {subject: a, text: '{{case.date}} {{case.time}} "
                "{{case.timezone}}'}\n");
  const auto set = Load();
  record_.at = At("2026-03-08T06:59:00Z");
  const struct {
    const char* zone;
    const char* text;
  } cases[] = {
      {"America/New_York", "08/03/2026 01:59 America/New_York\n"},
      {"Asia/Kolkata", "08/03/2026 12:29 Asia/Kolkata\n"},
      {"Pacific/Auckland", "08/03/2026 19:59 Pacific/Auckland\n"},
      {"", "08/03/2026 06:59 UTC\n"},
      {"Mars/Olympus", "08/03/2026 06:59 UTC\n"},
  };
  for (const auto& c : cases) {
    RenderInput input = Input();
    input.timezone = c.zone;
    EXPECT_EQ(set->Render("t", "ticket", input).value().text, c.text);
  }
}

TEST_F(TemplateSetTest, ATemplateThatIsNotThereCannotBeRendered) {
  EXPECT_EQ(Load()->Render("none", "sms", Input()).error().message,
            "there is no template `none` for sms");
}

TEST(FormatDateTest, DatesFollowTheLanguagesPattern) {
  EXPECT_EQ(FormatDate("2026-11-20", ""), "2026-11-20");
  EXPECT_EQ(FormatDate("2026-11-20", "%d.%m.%Y"), "20.11.2026");
}

}  // namespace
}  // namespace premura
