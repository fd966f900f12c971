// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_html.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(TemplateHtmlTest, TextBecomesParagraphsLineBreaksAndLinks) {
  const struct {
    const char* text;
    const char* html;
  } cases[] = {
      {"", ""},
      {"a\nb\n\n\nc\n", "<p>a<br>\nb</p>\n<p>c</p>\n"},
      {"\n\na", "<p>a</p>\n"},
      {"<b> & \"'", "<p>&lt;b&gt; &amp; &quot;&#39;</p>\n"},
      {"see https://x.example/a?b=1&c=2.",
       "<p>see <a href=\"https://x.example/a?b=1&amp;c=2\">"
       "https://x.example/a?b=1&amp;c=2</a>.</p>\n"},
      {"(http://x.example/a), https://y.example",
       "<p>(<a href=\"http://x.example/a\">http://x.example/a</a>), "
       "<a href=\"https://y.example\">https://y.example</a></p>\n"},
      {"https://x.example/\"onclick=\"x",
       "<p><a href=\"https://x.example/\">https://x.example/</a>"
       "&quot;onclick=&quot;x</p>\n"},
      {"javascript:alert(1)", "<p>javascript:alert(1)</p>\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(HtmlFromText(c.text), c.html);
}

TEST(TemplateHtmlTest, ADocumentNamesItsLanguage) {
  const std::string html = HtmlDocument("it", "<p>x</p>\n", "stop & go");
  EXPECT_EQ(html.find("<!DOCTYPE html>\n<html lang=\"it\">"), 0u);
  EXPECT_NE(html.find("<p>stop &amp; go</p>"), std::string::npos);
}

}  // namespace
}  // namespace premura
