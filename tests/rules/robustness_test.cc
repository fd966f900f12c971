// SPDX-License-Identifier: Apache-2.0
// Whatever the bytes, LoadRules answers: rules or mistakes, soon.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "rules/rule_set.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

// Fails if neither rules nor a mistake come of `text`.
void Feed(const std::string& text) {
  const LoadedRules loaded = LoadRules({{"f.yaml", text}}, {});
  const bool errors = HasErrors(loaded.diagnostics);
  ASSERT_EQ(loaded.rules == nullptr, errors);
  for (const Diagnostic& d : loaded.diagnostics) {
    ASSERT_FALSE(d.message.empty());
    ASSERT_GE(d.where.column, 0);
  }
  RenderText(loaded.diagnostics);
}

std::vector<std::string> Corpus() {
  std::vector<std::string> texts;
  for (const auto& entry : fs::recursive_directory_iterator(TESTDATA)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

TEST(RobustnessTest, TakesAFileCutOffAnywhere) {
  for (const std::string& text : Corpus()) {
    const std::size_t step = std::max<std::size_t>(1, text.size() / 20);
    for (std::size_t cut = 0; cut < text.size(); cut += step) {
      ASSERT_NO_FATAL_FAILURE(Feed(text.substr(0, cut)));
    }
  }
}

TEST(RobustnessTest, TakesFilesWithBytesChanged) {
  const unsigned seed = 20260101;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string marks = "{}[]:,-&*!|>'\"%@`#?~$ \n\t\r\\\x00\xff<";
  for (const std::string& original : Corpus()) {
    if (original.empty()) continue;
    for (int round = 0; round < 10; ++round) {
      std::string text = original;
      for (int change = 0; change < 4; ++change) {
        const std::size_t at = random() % text.size();
        const char mark = marks[random() % marks.size()];
        if (random() % 2 == 0) {
          text[at] = mark;
        } else {
          text.insert(at, 1 + random() % 3, mark);
        }
      }
      ASSERT_NO_FATAL_FAILURE(Feed(text));
    }
  }
}

TEST(RobustnessTest, TakesRandomBytes) {
  const unsigned seed = 42;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string marks = "{}[]:,-&*!|>'\"%@#?~ \n a1";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    const std::size_t size = random() % 200;
    for (std::size_t i = 0; i < size; ++i) {
      text += round % 4 == 0 ? static_cast<char>(random() % 256)
                             : marks[random() % marks.size()];
    }
    ASSERT_NO_FATAL_FAILURE(Feed(text));
  }
}

std::string Repeat(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// Each would take minutes, gigabytes or the whole stack if read naively.
TEST(RobustnessTest, TakesWhatIsMadeToHurt) {
  const int many = 20'000;
  for (const char* text : {"[", "{", "- ", "? ", "a: ", "!", "&", "*", "|",
                           "\"", "'", "[]", "---\n", "%X\n", "[a,", "{a: "}) {
    ASSERT_NO_FATAL_FAILURE(Feed(Repeat(text, many))) << text;
  }
  std::string wide = "version: 1\nrules: [{";
  for (int i = 0; i < many; ++i) wide += "k" + std::to_string(i) + ": 1, ";
  ASSERT_NO_FATAL_FAILURE(Feed(wide + "}]\n"));
  std::string nots =
      "version: 1\nrules:\n  - id: a\n    title: a\n    only_for: ";
  ASSERT_NO_FATAL_FAILURE(
      Feed(nots + Repeat("{not: ", 50) + "{a: 1}" + Repeat("}", 50) + "\n"));
  ASSERT_NO_FATAL_FAILURE(
      Feed("version: 1\nrules:\n  - id: a\n    title: a\n    detect:\n"
           "      event_count: {where: {a|re: '" +
           Repeat("(a*)*", 1000) + "'}, gte: 1, within: 1h}\n"));
}

}  // namespace
}  // namespace premura
