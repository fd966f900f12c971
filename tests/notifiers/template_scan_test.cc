// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_scan.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

using Kind = TemplateTag::Kind;

TEST(TemplateScanTest, TagsAreFoundWithTheirPlaces) {
  const ScannedTemplate scanned =
      ScanTemplate("a {{ x }} {{#s}}{{y.z}}{{^t}}n{{/t}}{{/s}}{{! no }}");
  ASSERT_TRUE(scanned.problems.empty());
  ASSERT_EQ(scanned.tags.size(), 7u);
  EXPECT_EQ(scanned.tags[0].name, "x");
  EXPECT_EQ(scanned.tags[0].offset, 2u);
  EXPECT_EQ(scanned.tags[0].raw, "{{ x }}");
  EXPECT_EQ(scanned.tags[2].name, "y.z");
  EXPECT_EQ(scanned.tags[2].inside, (std::vector<std::size_t>{1}));
  EXPECT_EQ(scanned.tags[3].kind, Kind::kInverted);
  EXPECT_EQ(scanned.tags[4].opened_by, 3u);
  EXPECT_EQ(scanned.tags[5].opened_by, 1u);
  EXPECT_EQ(scanned.tags[6].kind, Kind::kComment);
}

TEST(TemplateScanTest, EveryMistakeIsSaid) {
  const struct {
    const char* text;
    const char* message;
    const char* hint;
  } cases[] = {
      {"a {{x", "this tag is not closed", "close it with `}}`"},
      {"{{#a}}x", "section `a` is not closed", "close it with `{{/a}}`"},
      {"{{#a}}{{#b}}{{#a}}{{/a}}{{/b}}{{/a}}", "section `a` stands in itself",
       "leave the inner one out"},
      {"{{#a}}{{^a}}{{/a}}{{/a}}", "section `a` stands in itself",
       "leave the inner one out"},
      {"x{{/a}}", "no section `a` is open", ""},
      {"{{#a}}{{/b}}", "this closes `b`, but `a` is open", "write `{{/a}}`"},
      {"{{}}", "this tag names nothing", ""},
      {"{{# }}", "this tag names nothing", ""},
      {"{{>why}}", "templates do not include others",
       "write `{{name}}`, `{{#name}}..{{/name}}` or `{{^name}}..{{/name}}`"},
      {"{{=<% %>=}}", "the signs `{{` and `}}` cannot be changed",
       "write `{{name}}`, `{{#name}}..{{/name}}` or `{{^name}}..{{/name}}`"},
      {"{{&x}}", "values are always escaped where needed",
       "write `{{name}}`, `{{#name}}..{{/name}}` or `{{^name}}..{{/name}}`"},
      {"{{{x}}}", "values are always escaped where needed",
       "write `{{name}}`, `{{#name}}..{{/name}}` or `{{^name}}..{{/name}}`"},
  };
  for (const auto& c : cases) {
    const ScannedTemplate scanned = ScanTemplate(c.text);
    ASSERT_EQ(scanned.problems.size(), 1u) << c.text;
    EXPECT_EQ(scanned.problems[0].message, c.message) << c.text;
    EXPECT_EQ(scanned.problems[0].hint, c.hint) << c.text;
  }
}

TEST(TemplateScanTest, SectionsAreNotNestedWithoutEnd) {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += "{{#s" + std::to_string(i) + "}}";
    text += "x";
    for (int i = levels; i-- > 0;) text += "{{/s" + std::to_string(i) + "}}";
    return text;
  };
  EXPECT_TRUE(ScanTemplate(nested(64)).problems.empty());
  for (const int levels : {65, 50'000}) {
    const ScannedTemplate scanned = ScanTemplate(nested(levels));
    ASSERT_EQ(scanned.problems.size(), 1u);
    EXPECT_EQ(scanned.problems[0].raw, "{{#s64}}");
    EXPECT_EQ(scanned.problems[0].message, "sections are nested too deeply");
    EXPECT_EQ(scanned.problems[0].hint, "at most 64 levels");
    EXPECT_EQ(scanned.tags.size(), 64u);
  }
}

TEST(TemplateScanTest, AValueIsGuardedByASectionOfItsOwn) {
  const ScannedTemplate scanned =
      ScanTemplate("{{a}}{{#a}}{{a}}{{b}}{{/a}}{{^b}}{{b}}{{/b}}");
  EXPECT_FALSE(IsGuarded(scanned, 0));
  EXPECT_TRUE(IsGuarded(scanned, 2));
  EXPECT_FALSE(IsGuarded(scanned, 3));
  EXPECT_FALSE(IsGuarded(scanned, 6));
}

}  // namespace
}  // namespace premura
