// SPDX-License-Identifier: Apache-2.0
// The templates that are shipped say what they should in both languages.
#include <gtest/gtest.h>

#include "notifiers/gsm7.h"
#include "notifiers/templates.h"
#include "rules/document.h"
#include "tests/notifiers/examples.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

SenderFacts Sender() {
  SenderFacts sender;
  sender.organisation = "Example";
  sender.name = "Anna Rossi, Example support";
  sender.phone = "+39 02 1234567";
  sender.hours = "Mon-Fri 9-18";
  sender.address = "support@example.com";
  sender.help_url = "https://example.com/help";
  return sender;
}

TEST(LibraryTemplatesTest, LoadWithoutAComplaintAndRenderEverywhere) {
  const std::string folders[] = {PREMURA_SOURCE_DIR "/rules/library/templates"};
  Diagnostics diagnostics;
  const auto set = TemplateSet::Load(folders, "en", &diagnostics);
  EXPECT_EQ(RenderText(diagnostics), "");
  ASSERT_GE(set->Names().size(), 5u);
  const CaseRecord record = ExampleRecord();
  const SenderFacts sender = Sender();
  const Profile nobody({}, {});
  const Profile marta({{"name", "\"Marta Bianchi\""}}, {});
  for (const std::string& name : set->Names()) {
    for (const char* channel : {"email", "ticket", "sms"}) {
      if (!set->Has(name, channel)) continue;
      EXPECT_EQ(RenderText(set->Check(name, channel, sender, {})), "");
      for (const std::string& locale : set->Locales(name, channel)) {
        for (const Profile* profile : {&nobody, &marta}) {
          RenderInput input;
          input.record = &record;
          input.profile = profile;
          input.sender = &sender;
          input.locale = locale;
          const auto rendered = set->Render(name, channel, input);
          ASSERT_TRUE(rendered.ok()) << rendered.error().message;
          const std::string& text = rendered.value().text;
          SCOPED_TRACE(name + " " + channel + " " + locale + "\n" + text);
          EXPECT_FALSE(text.empty());
          EXPECT_EQ(text.find("{{"), std::string::npos);
          EXPECT_EQ(text.find(" ,"), std::string::npos);
          EXPECT_EQ(text.find("  ."), std::string::npos);
          if (std::string(channel) == "sms") {
            EXPECT_EQ(MeasureSms(text).segments, 1);
          }
        }
      }
    }
  }
}

// The blocks that begin with their file's name in a comment.
void WriteExamplesOfTheReadme(const TempFolder& folder) {
  const std::string readme =
      ReadFile(PREMURA_SOURCE_DIR "/notifiers/README.md").value();
  const std::string fence = "```yaml\n# ";
  for (std::size_t at = readme.find(fence); at != std::string::npos;
       at = readme.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    const std::size_t line = readme.find('\n', begin);
    folder.Write(readme.substr(begin, line - begin),
                 readme.substr(line + 1, readme.find("```", line) - line - 1));
  }
}

TEST(LibraryTemplatesTest, TheExamplesOfTheReadmeReadWellWithoutFacts) {
  const TempFolder folder;
  WriteExamplesOfTheReadme(folder);
  Diagnostics diagnostics;
  const std::string folders[] = {folder.path()};
  const auto set = TemplateSet::Load(folders, "en", &diagnostics);
  EXPECT_EQ(RenderText(diagnostics), "");
  CaseRecord record = ExampleRecord();
  record.title = "Fails three times";
  record.evidence.resize(1);
  const SenderFacts sender = Sender();
  const Profile nobody({}, {});
  RenderInput input;
  input.record = &record;
  input.profile = &nobody;
  input.sender = &sender;
  const auto ticket = set->Render("billing-help", "ticket", input);
  ASSERT_TRUE(ticket.ok()) << ticket.error().message;
  EXPECT_EQ(ticket.value().subject, "Fails three times: acme");
  EXPECT_EQ(ticket.value().text,
            "Who: acme\n"
            "What we saw (events: 1; 2026-11-22, times: UTC):\n"
            "  08:41 page_viewed page /billing/card\n"
            "What we did: nothing yet, waiting for you\n");
  input.done = {{DoneStep::What::kNotSent, "email", Reason::kNoConsent, {}}};
  EXPECT_NE(set->Render("billing-help", "ticket", input)
                .value()
                .text.find("What we did: email not sent: the customer does not "
                           "want such messages"),
            std::string::npos);
}

}  // namespace
}  // namespace premura
