// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_words.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/notifiers/examples.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using What = DoneStep::What;

constexpr char kDone[] =
    "done:\n"
    "  sent: '{{channel}}: {{time}}'\n"
    "  follows: '{{channel}} segue'\n"
    "  on_its_way: '{{channel}} parte'\n"
    "  held: '{{channel}} attende{{#time}} le {{time}}{{/time}} ({{reason}})'\n"
    "  not_sent: '{{channel}} no ({{reason}})'\n"
    "  perhaps_sent: '{{channel}}?'\n";

class TemplateWordsTest : public testing::Test {
 protected:
  std::vector<std::string> Said(const std::string& yaml) {
    folder_.Write("_words.it.yaml", yaml);
    Diagnostics diagnostics;
    TemplateWords::Read(folder_.Path("_words.it.yaml"), &diagnostics);
    std::vector<std::string> said;
    for (const Diagnostic& d : diagnostics) {
      said.push_back(std::to_string(d.where.line) + ": " + d.message + " [" +
                     d.hint + "]");
    }
    return said;
  }

  TempFolder folder_;
};

TEST_F(TemplateWordsTest, WithoutAFileThePhrasesAreEnglishAndCodesHaveSpaces) {
  const TemplateWords words;
  EXPECT_EQ(words.Of("set_up"), "set up");
  const struct {
    DoneStep step;
    const char* time;
    const char* text;
  } cases[] = {
      {{What::kSent, "email", {}, {}}, "09:55", "email sent 09:55"},
      {{What::kFollows, "email", {}, {}}, "", "email follows"},
      {{What::kOnItsWay, "sms", {}, {}}, "", "sms on its way"},
      {{What::kHeld, "sms", Reason::kQuietHours, {}},
       "09:00",
       "sms held until 09:00: quiet hours"},
      {{What::kHeld, "sms", Reason::kStopAll, {}}, "", "sms held: stop all"},
      {{What::kNotSent, "email", Reason::kNoConsent, {}},
       "",
       "email not sent: no consent"},
      {{What::kPerhapsSent, "sms", {}, {}}, "", "sms perhaps sent"},
  };
  for (const auto& c : cases) EXPECT_EQ(words.Tell(c.step, c.time), c.text);
}

TEST_F(TemplateWordsTest, AFileSaysItInItsLanguage) {
  folder_.Write("_words.it.yaml", std::string(kDone) +
                                      "words: {email: mail, set_up: avvio, "
                                      "quiet_hours: ore di riposo}\n");
  folder_.Write("t.it.yaml",
                "ticket: {subject: a, text: '{{rule.phase}}: {{done}}'}\n");
  Diagnostics diagnostics;
  const std::string folders[] = {folder_.path()};
  const auto set = TemplateSet::Load(folders, "it", &diagnostics);
  EXPECT_EQ(RenderText(diagnostics), "");
  CaseRecord record = ExampleRecord();
  record.phase = "set_up";
  const Profile nobody({}, {});
  const SenderFacts sender;
  RenderInput input;
  input.record = &record;
  input.profile = &nobody;
  input.sender = &sender;
  input.locale = "it-CH";
  input.timezone = "Europe/Rome";
  const auto at = ParseInstant("2026-03-10T08:00:00Z");
  input.done = {{What::kHeld, "email", Reason::kQuietHours, at},
                {What::kNotSent, "sms", Reason::kNoAddress, {}}};
  EXPECT_EQ(set->Render("t", "ticket", input).value().text,
            "avvio: mail attende le 2026-03-10 09:00 (ore di riposo); "
            "sms no (no address)\n");
  input.timezone.clear();
  EXPECT_EQ(set->Render("t", "ticket", input).value().text,
            "avvio: mail attende le 2026-03-10 08:00 UTC (ore di riposo); "
            "sms no (no address)\n");
}

TEST_F(TemplateWordsTest, EveryMistakeIsSaid) {
  EXPECT_EQ(Said(kDone), std::vector<std::string>{});
  const std::string done = kDone;
  EXPECT_EQ(Said(done + "words: {quiet_hour: x}\n"),
            (std::vector<std::string>{"8: there is no code `quiet_hour` [did "
                                      "you mean `quiet_hours`?]"}));
  EXPECT_EQ(Said(done + "wordz: {}\n").size(), 1U);
  EXPECT_EQ(Said(done + "  later: x\n").size(), 1U);
  EXPECT_EQ(Said(done.substr(0, done.find("  perhaps"))).size(), 1U);
  EXPECT_EQ(Said("words: {quiet_hours: x}\n").size(), 1U);
  std::string other = done;
  other.replace(other.find("{{time}}"), 8, "{{when}}");
  EXPECT_EQ(Said(other),
            (std::vector<std::string>{"2: `sent` knows no `when` [it knows "
                                      "`channel`, `time` and `reason`]"}));
  other.replace(other.find("{{when}}"), 8, "{{time");
  EXPECT_EQ(Said(other).size(), 1U);
}

}  // namespace
}  // namespace premura
