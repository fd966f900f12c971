// SPDX-License-Identifier: Apache-2.0
// What every shipped rule comes with. That it is tested is in
// rule_test_test.cc; that its templates read well, in
// ../notifiers/library_templates_test.cc.

#include <gmock/gmock.h>

#include "notifiers/templates.h"
#include "rules/document.h"
#include "rules/rule_set.h"
#include "tests/daemon/command_line.h"

namespace premura {
namespace {

using ::testing::HasSubstr;

const std::string kLibrary = PREMURA_SOURCE_DIR "/rules/library";

TEST(LibraryTest, HasNoMistakesAndNoWarnings) {
  EXPECT_EQ(Premura({"check", kLibrary}).out, "No mistakes found.\n");
}

TEST(LibraryTest, EachRuleSaysWhatItIsForWhenNotAndWhatToTurn) {
  const LoadedRules loaded = LoadRulePaths(std::vector{kLibrary}, {});
  ASSERT_NE(loaded.rules, nullptr);
  const std::string count = std::to_string(loaded.rules->rules().size());
  EXPECT_THAT(ReadFile(PREMURA_SOURCE_DIR "/README.md").value(),
              HasSubstr(" " + count + " rules to start from"));
  const std::string readme = ReadFile(kLibrary + "/README.md").value();
  EXPECT_THAT(readme, HasSubstr("\n" + count + " rules over"));
  for (const Rule& rule : loaded.rules->rules()) {
    SCOPED_TRACE(rule.id);
    EXPECT_THAT(rule.description, HasSubstr("Purpose: "));
    EXPECT_THAT(rule.description, HasSubstr("Not for: "));
    EXPECT_THAT(rule.description, HasSubstr("Parameters: `"));
    EXPECT_FALSE(rule.article.empty())
        << "a page for the customer or the agent";
    EXPECT_FALSE(rule.owner.empty());
    EXPECT_FALSE(rule.phase.empty());
    EXPECT_THAT(readme, HasSubstr("[" + rule.id + "]("));
  }
}

// What is said exists in both languages; the ticket is the agent's playbook:
// steps to take, by number.
TEST(LibraryTest, EachActionHasItsWordsAndEachTicketItsPlaybook) {
  const LoadedRules loaded = LoadRulePaths(std::vector{kLibrary}, {});
  ASSERT_NE(loaded.rules, nullptr);
  Diagnostics diagnostics;
  const auto templates = TemplateSet::Load(std::vector{kLibrary + "/templates"},
                                           "en", &diagnostics);
  ASSERT_NE(templates, nullptr);
  for (const Rule& rule : loaded.rules->rules()) {
    SCOPED_TRACE(rule.id);
    bool ticket = false;
    for (const Action& action : rule.actions) {
      const char* const channel = ToString(action.channel);
      EXPECT_THAT(templates->Locales(action.template_name, channel),
                  ::testing::IsSupersetOf({"en", "it"}));
      if (action.channel != Action::Channel::kTicket) continue;
      ticket = true;
      for (const char* locale : {".en.yaml", ".it.yaml"}) {
        const std::string text =
            ReadFile(kLibrary + "/templates/" + action.template_name + locale)
                .value();
        EXPECT_THAT(text, HasSubstr("\n    1. ")) << locale;
        EXPECT_THAT(text, HasSubstr("\n    2. ")) << locale;
      }
    }
    // Nothing for an agent to do.
    EXPECT_EQ(ticket, rule.id != "payment-due-soon");
  }
}

}  // namespace
}  // namespace premura
