// SPDX-License-Identifier: Apache-2.0
#include "rules/diagnostic.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

Diagnostic Mistake(int line, int column, int length, std::string message,
                   std::string hint, std::string source) {
  Diagnostic d;
  d.where = {"rules/export.yaml", line, column, length};
  d.message = std::move(message);
  d.hint = std::move(hint);
  d.line = std::move(source);
  return d;
}

TEST(DiagnosticTest, IsShownWithItsLineACaretAndAHint) {
  const Diagnostics diagnostics = {
      Mistake(8, 15, 2, "`within` needs a unit", "write 90s, 90m or 90h",
              "      within: 90"),
      Mistake(15, 14, 1, "`count` is 1; it must be between 2 and 10000", "",
              "      count: 1")};
  EXPECT_EQ(
      RenderText(diagnostics),
      "rules/export.yaml:8:15: error: `within` needs a unit\n"
      "    8 |       within: 90\n"
      "      |               ^~\n"
      "      = write 90s, 90m or 90h\n"
      "rules/export.yaml:15:14: error: `count` is 1; it must be between 2 "
      "and 10000\n"
      "   15 |       count: 1\n"
      "      |              ^\n"
      "2 errors in 1 file.\n");
}

TEST(DiagnosticTest, CountsErrorsAndWarnings) {
  Diagnostic warning = Mistake(1, 1, 1, "w", "", "x");
  warning.severity = Diagnostic::Severity::kWarning;
  Diagnostic other = Mistake(1, 1, 1, "e", "", "");
  other.where.file = "b.yaml";
  EXPECT_TRUE(RenderText({warning}).ends_with("1 warning in 1 file.\n"));
  EXPECT_TRUE(RenderText({warning, other})
                  .ends_with("1 error and 1 warning in 2 files.\n"));
  EXPECT_EQ(RenderText({}), "");
  EXPECT_FALSE(HasErrors({warning}));
  EXPECT_TRUE(HasErrors({warning, other}));
}

TEST(DiagnosticTest, OfAFileAsAWholeHasNoLine) {
  Diagnostic d;
  d.where.file = "x.yaml";
  d.message = "cannot open: No such file or directory";
  EXPECT_EQ(RenderText({d}),
            "x.yaml: error: cannot open: No such file or directory\n"
            "1 error in 1 file.\n");
}

TEST(DiagnosticTest, LetsNoControlCharacterReachTheTerminal) {
  const std::string text = RenderText(
      {Mistake(1, 3, 1, "bad \x1b[31m", "h\x07", "\ta\x1b[31m\x7f")});
  EXPECT_EQ(text.find('\x1b'), text.npos);
  EXPECT_EQ(text.find('\x07'), text.npos);
  EXPECT_NE(text.find("      | \t ^"), text.npos);
  Diagnostic file;
  file.where = {"a\x1b]0;\xff\xc2\x9b\u00e8.yaml", 1, 1, 1};
  file.message = "m\xfe";
  EXPECT_TRUE(
      RenderText({file}).starts_with("a?]0;??\u00e8.yaml:1:1: error: m?"));
  EXPECT_NE(RenderJson({file}).find("\"a?]0;??\u00e8.yaml\""), text.npos);
  EXPECT_NE(RenderJson({file}).find("\"m?\""), text.npos);
}

TEST(DiagnosticTest, ShowsOfAVeryLongLineWhatIsAroundTheColumn) {
  const std::string line(5000, 'a');
  const std::string text = RenderText({Mistake(1, 4000, 3, "m", "", line)});
  EXPECT_LT(text.size(), 500U);
  EXPECT_NE(text.find("| ...aaa"), text.npos);
  EXPECT_NE(text.find("aaa...\n"), text.npos);
  EXPECT_NE(text.find("^~~\n"), text.npos);
}

TEST(DiagnosticTest, PutsTheCaretUnderCharactersNotBytes) {
  const std::string text = RenderText({Mistake(1, 7, 1, "m", "", "é: äö: x")});
  EXPECT_NE(text.find("      |       ^\n"), text.npos);
}

TEST(DiagnosticTest, IsSortedAndToldOnce) {
  Diagnostics diagnostics = {
      Mistake(2, 1, 1, "b", "", ""), Mistake(1, 2, 1, "a", "", ""),
      Mistake(2, 1, 1, "b", "", ""), Mistake(1, 1, 1, "c", "", "")};
  SortDiagnostics(&diagnostics);
  ASSERT_EQ(diagnostics.size(), 3U);
  EXPECT_EQ(diagnostics[0].message, "c");
  EXPECT_EQ(diagnostics[1].message, "a");
  EXPECT_EQ(diagnostics[2].message, "b");
}

TEST(DiagnosticTest, IsWrittenAsJson) {
  EXPECT_EQ(RenderJson({}), "[]\n");
  EXPECT_EQ(RenderJson({Mistake(8, 15, 2, "say \"x\"", "h", "line")}),
            "[\n  {\"severity\": \"error\", \"file\": \"rules/export.yaml\", "
            "\"line\": 8, \"column\": 15, \"length\": 2, \"message\": \"say "
            "\\\"x\\\"\", \"hint\": \"h\"}\n]\n");
}

TEST(DiagnosticTest, IsWrittenForGithub) {
  EXPECT_EQ(RenderGithub({Mistake(8, 15, 2, "100%\nof", "h", "")}),
            "::error file=rules/export.yaml,line=8,col=15::100%25%0Aof (h)\n");
  Diagnostic d;
  d.severity = Diagnostic::Severity::kWarning;
  d.where.file = "a,b:c";
  d.message = "m";
  EXPECT_EQ(RenderGithub({d}), "::warning file=a%2Cb%3Ac::m\n");
}

TEST(NearestTest, IsAMisspellingOrNothing) {
  const std::vector<std::string> words = {"cooldown", "cause", "id", "title"};
  EXPECT_EQ(Nearest("cooldwon", words), "cooldown");
  EXPECT_EQ(Nearest("couse", words), "cause");
  EXPECT_EQ(Nearest("titel", words), "title");
  EXPECT_EQ(Nearest("di", words), "id");
  EXPECT_EQ(Nearest("sunshine", words), "");
  EXPECT_EQ(Nearest("xy", words), "");
  EXPECT_EQ(Nearest("", words), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'a'), words), "");
}

}  // namespace
}  // namespace premura
