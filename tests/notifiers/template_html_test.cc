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
  const std::vector<std::string> own = {"http://x.example", "https://x.example",
                                        "https://y.example"};
  for (const auto& c : cases) EXPECT_EQ(HtmlFromText(c.text, own), c.html);
}

TEST(TemplateHtmlTest, OnlyOurOwnUrlsBecomeLinks) {
  const std::vector<std::string> own = {"https://x.example/h",
                                        "https://y.example/?a="};
  for (const char* ours :
       {"https://x.example/h", "https://x.example/h/a", "https://x.example/h?a",
        "https://x.example/h#a", "https://y.example/?a=b"}) {
    EXPECT_NE(HtmlFromText(ours, own).find("<a href="), std::string::npos)
        << ours;
  }
  for (const char* foreign :
       {"https://evil.example", "http://x.example/h", "https://x.example/",
        "https://x.example/hh", "https://x.example/h.evil.example",
        "https://x.example/h@evil.example", "https://y.example/"}) {
    EXPECT_EQ(HtmlFromText(foreign, own),
              "<p>" + std::string(foreign) + "</p>\n");
  }
}

TEST(TemplateHtmlTest, TheUrlsOfATemplateAreFoundUpToTheirTags) {
  using Urls = std::vector<std::string>;
  EXPECT_EQ(UrlsIn("no"), Urls());
  EXPECT_EQ(UrlsIn("https://a.example, (http://b.example/x/{{id}}/y)\nz"),
            (Urls{"https://a.example", "http://b.example/x/"}));
  EXPECT_EQ(UrlsIn("https://{{a}} https://x{{a}}/b https://{{a}}/b https:// "
                   "https:///a"),
            Urls())
      << "a fact could be the host";
}

TEST(TemplateHtmlTest, ADocumentNamesItsLanguage) {
  const std::string html = HtmlDocument("it", "<p>x</p>\n", "stop & go", {});
  EXPECT_EQ(html.find("<!DOCTYPE html>\n<html lang=\"it\">"), 0u);
  EXPECT_NE(html.find("<p>stop &amp; go</p>"), std::string::npos);
}

}  // namespace
}  // namespace premura
