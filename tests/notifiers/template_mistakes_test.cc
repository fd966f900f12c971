// SPDX-License-Identifier: Apache-2.0
// Templates that are wrong: each mistake is said, with its place.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "notifiers/templates.h"
#include "tests/notifiers/support/template_folder.h"

namespace premura {
namespace {

class TemplateMistakesTest : public TemplateSetTest {};

TEST_F(TemplateMistakesTest, EveryMistakeIsSaidWithItsPlace) {
  const std::string mail = "why: x\nemail:\n  subject: a\n  text: |\n    ";
  const struct {
    std::string yaml;
    std::vector<std::string> said;
  } cases[] = {
      {mail + "a\n    {{#count}}{{customer.frist_name}}{{/count}}\n",
       {"6:15: templates know no `customer.frist_name` [did you mean "
        "`customer.first_name`?]"}},
      {mail + "{{customer.favourite_colour}}\n",
       {"5:5: templates know no `customer.favourite_colour` [any other path "
        "of the profile is written `customer.custom.favourite_colour`]"}},
      {mail + "Hello {{customer.nick}} {{custmer.name}}, {{rule.titel}}.\n",
       {"5:11: templates know no `customer.nick` [any other path of the "
        "profile is written `customer.custom.nick`]",
        "5:29: templates know no `custmer.name` [did you mean "
        "`customer.name`?]",
        "5:47: templates know no `rule.titel` [did you mean `rule.title`?]"}},
      {mail + "{{#nope}}{{nope}}{{/nope}}\n",
       {"5:5: templates know no `nope` []",
        "5:14: templates know no `nope` []"}},
      {mail + "{{time}}\n",
       {"5:5: `time` is known inside `{{#evidence}}` only []"}},
      {mail + "{{evidence}}\n",
       {"5:5: `evidence` is a list [write `{{#evidence}}{{time}} "
        "{{name}}{{/evidence}}`]"}},
      {mail + "x {{#customer.name}}\n",
       {"5:7: section `customer.name` is not closed [close it with "
        "`{{/customer.name}}`]"}},
      {mail + "Dear {{customer.name}}!\n",
       {"5:10: warning: `customer.name` may not be known; the words around it "
        "would stay [put them into `{{#customer.name}}..{{/customer.name}}`]"}},
      {"ticket: {subject: '{{customer.name}}: {{article}}', text: b}\n",
       {"1:20: warning: `customer.name` may not be known; the words around it "
        "would stay [put them into `{{#customer.name}}..{{/customer.name}}`]",
        "1:39: warning: `article` may not be known; the words around it would "
        "stay [put them into `{{#article}}..{{/article}}`]"}},
      {"email: {subject: a, text: b}\n",
       {"1:8: an email must say why it came: `why` is missing [add `why: You "
        "get this mail because ..`]"}},
      {"ticket: {subject: a, text: '{{why}}'}\n",
       {"1:29: `why` is known in emails only []"}},
      {"sms: 'Call {{sender.phone}}'\n",
       {"1:6: an SMS must say how to stop it: the word STOP is missing [end it "
        "with `STOP to opt out`]"}},
      {"sms: Hello. STOP to opt out\n",
       {"1:6: an SMS must say where to turn to [use `{{sender.phone}}`, "
        "`{{sender.address}}` or `{{article_url}}`]"}},
      {"sms: 'Ça va – {{sender.phone}} čá STOP'\n",
       {"1:6: warning: not in the SMS alphabet: č (U+010D), á (U+00E1); one "
        "SMS then holds 70 characters instead of 160 [write it without, if "
        "the language allows]"}},
      {"why: x\n",
       {"1:1: a template needs one of `email`, `ticket`, `sms` []"}},
  };
  for (const auto& c : cases) EXPECT_EQ(Said(c.yaml), c.said) << c.yaml;
}

TEST_F(TemplateMistakesTest, TheCaretStandsUnderTheRightOneOfTwoLikeTags) {
  EXPECT_EQ(Said("ticket:\n  subject: a\n  text: >\n    {{nope}} b\n    c "
                 "\"{{nope}}\"\n"),
            (std::vector<std::string>{"4:5: templates know no `nope` []",
                                      "5:8: templates know no `nope` []"}));
}

TEST_F(TemplateMistakesTest, UnknownKeysAreMistakes) {
  const std::vector<std::string> said =
      Said("tickets: {subject: a, text: b}\nticket: {subjekt: a, text: b}\n");
  ASSERT_EQ(said.size(), 2u);
  EXPECT_NE(said[0].find("`tickets`"), std::string::npos);
  EXPECT_NE(said[1].find("`subjekt`"), std::string::npos);
}

TEST_F(TemplateMistakesTest, StandardTextsMustSayWhoWhyAndHowToStop) {
  folder_.Write("_standard.en.yaml",
                "signature: hello\nfooter: goodbye\ndate: '%H'\n");
  EXPECT_EQ(
      Said("ticket: {subject: a, text: b}\n"),
      (std::vector<std::string>{
          "1:12: `signature` must say how to reach a person [use "
          "`{{sender.name}}`, `{{sender.phone}}` or `{{sender.address}}`]",
          "2:9: `footer` must say how to stop such mails [use "
          "`{{sender.stop_url}}` or the word STOP]",
          "2:9: `footer` must say why the mail came [use `{{why}}`]",
          "3:7: `date` may hold %d, %m and %Y only []"}));
}

TEST_F(TemplateMistakesTest, AnEmailNeedsStandardTextsInItsOwnLanguage) {
  folder_.Write("t.it.yaml", "why: x\nemail: {subject: a, text: b}\n");
  Load();
  ASSERT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(diagnostics_[0].message,
            "nothing says in `it` how to reach a person and how to stop "
            "emails");
  EXPECT_EQ(diagnostics_[0].hint,
            "add `_standard.it.yaml` with `signature` and `footer`");
  EXPECT_EQ(diagnostics_[0].where.line, 2);
}

TEST_F(TemplateMistakesTest, FileNamesEndInALanguage) {
  folder_.Write("billing.yaml", "ticket: {subject: a, text: b}\n");
  Load();
  ASSERT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(diagnostics_[0].message,
            "a template's file name ends in its language");
  EXPECT_EQ(diagnostics_[0].hint, "name it `billing.en.yaml`");
}

TEST_F(TemplateMistakesTest, AFolderThatIsNotThereIsAMistake) {
  const std::string folders[] = {folder_.Path("none")};
  TemplateSet::Load(folders, "en", &diagnostics_);
  ASSERT_EQ(diagnostics_.size(), 1u);
  EXPECT_EQ(diagnostics_[0].message,
            "cannot read the template folder: No such file or directory");
}

TEST_F(TemplateMistakesTest, ATemplateIsCheckedAgainstTheSender) {
  folder_.Write("t.en.yaml",
                "ticket: {subject: a, text: '{{sender.phnoe}}'}\n"
                "sms: 'Call {{sender.phone}} {{sender.slogan}} "
                "{{#sender.hours}}{{sender.hours}}{{/sender.hours}} STOP'\n");
  folder_.Write("billing-help.en.yaml", "ticket: {subject: a, text: b}\n");
  const auto set = Load();
  ASSERT_EQ(RenderText(diagnostics_), "");
  const SourcePosition where{"rules.yaml", 7, 3, 4};
  const auto said = [&](const char* name, const char* channel) {
    std::vector<std::string> all;
    for (const Diagnostic& d : set->Check(name, channel, sender_, where)) {
      EXPECT_EQ(d.where.line, 7);
      all.push_back(d.message + " [" + d.hint + "]");
    }
    return all;
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(said("t", "ticket"),
            (List{"template `t` (en) needs `sender.phnoe`, which the "
                  "configuration does not give [did you mean "
                  "`sender.phone`?]"}));
  EXPECT_EQ(said("t", "sms"),
            (List{"template `t` (en) needs `sender.slogan`, which the "
                  "configuration does not give [add `slogan` to "
                  "`sender.extra` in the configuration]"}));
  sender_.extra["slogan"] = std::string(150, 'x');
  EXPECT_EQ(said("t", "sms"),
            (List{"template `t` (en) makes 2 SMS of 172 characters with "
                  "example facts [one SMS holds 160]"}));
  sender_.extra["slogan"] = "č";
  EXPECT_EQ(said("t", "sms"), List{});
  sender_.extra.clear();
  sender_.extra_unknown = true;
  EXPECT_EQ(said("t", "sms"), List{});
  EXPECT_EQ(said("t", "ticket").size(), 1U) << "a slip of the pen all the same";
  EXPECT_EQ(said("zzz", "sms"), (List{"there is no template `zzz` []"}));
  EXPECT_EQ(said("billing-hlep", "ticket"),
            (List{"there is no template `billing-hlep` [did you mean "
                  "`billing-help`?]"}));
  for (const char* file :
       {"billing-help.en.yaml", "billing-help.en", "billing-help.yml",
        "templates/billing-help.it-CH.yaml"}) {
    EXPECT_EQ(said(file, "ticket"),
              List{fmt::format("there is no template `{}` [did you mean "
                               "`billing-help`?]",
                               file)});
  }
  EXPECT_EQ(said("t", "email"),
            (List{"template `t` has no part `email` [add `email:` to "
                  "t.en.yaml]"}));
}

TEST_F(TemplateMistakesTest, ClosingTextsAreCheckedAgainstTheSenderToo) {
  const struct {
    const char* file;  // Of `_standard`, and what it says.
    const char* text;
    std::vector<std::string> said;
  } cases[] = {
      {"_standard.en.yaml",
       "signature: '{{sender.name}} {{sender.slogan}}'\n"
       "footer: '{{why}} STOP {{sender.phnoe}}'\n",
       {"_standard.en.yaml:1:12: `signature` (en) needs `sender.name`, which "
        "the configuration does not give [add `name` to `sender` in the "
        "configuration]",
        "_standard.en.yaml:1:12: `signature` (en) needs `sender.slogan`, "
        "which the configuration does not give [add `slogan` to "
        "`sender.extra` in the configuration]",
        "_standard.en.yaml:2:9: `footer` (en) needs `sender.phnoe`, which the "
        "configuration does not give [did you mean `sender.phone`?]"}},
      {"_standard.it.yaml",
       "signature: '{{sender.phone}}'\nfooter: '{{why}} {{sender.fine}}STOP'\n",
       {"_standard.it.yaml:2:9: `footer` (it) needs `sender.fine`, which the "
        "configuration does not give [add `fine` to `sender.extra` in the "
        "configuration]"}},
  };
  folder_.Write("t.en.yaml", kFull);
  folder_.Write("t.it.yaml", kFull);
  sender_.name.clear();
  const std::string fine =
      "signature: '{{sender.phone}}'\n"
      "footer: '{{why}} STOP'\n";
  for (const auto& c : cases) {
    folder_.Write("_standard.en.yaml", fine);
    folder_.Write("_standard.it.yaml", fine);
    folder_.Write(c.file, c.text);
    std::vector<std::string> said;
    for (const Diagnostic& d :
         Load()->Check("t", "email", sender_, SourcePosition{})) {
      said.push_back(fmt::format(
          "{}:{}:{}: {} [{}]", d.where.file.substr(folder_.Path("").size()),
          d.where.line, d.where.column, d.message, d.hint));
    }
    EXPECT_EQ(said, c.said);
  }
}

}  // namespace
}  // namespace premura
