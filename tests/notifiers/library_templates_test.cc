// SPDX-License-Identifier: Apache-2.0
// The templates that are shipped say what they should in both languages.
#include <gtest/gtest.h>

#include "notifiers/gsm7.h"
#include "notifiers/templates.h"
#include "tests/notifiers/examples.h"

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

}  // namespace
}  // namespace premura
