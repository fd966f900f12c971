// SPDX-License-Identifier: Apache-2.0
// Every file in testdata/: the good ones load without a word, each bad one has
// exactly the mistakes that its first lines expect:
//   # expect: LINE:COLUMN: [warning: ]MESSAGE
//   # hint: HINT                  (of the mistake before; none: no hint)
//   # schema: accepts             (what the mistake is, no schema can say)

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "rules/rule_set.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry :
       fs::directory_iterator(std::string(TESTDATA "/") + folder)) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string TextOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Line(std::string text) {
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return text;
}

// The lines after `# expect: ` and `# hint: ` at the top.
std::vector<std::string> ExpectedIn(const std::string& text) {
  std::vector<std::string> expected;
  std::istringstream lines(text.starts_with("\xef\xbb\xbf") ? text.substr(3)
                                                            : text);
  for (std::string line; std::getline(lines, line);) {
    line = Line(line);
    if (line.starts_with("# expect: ")) expected.push_back(line.substr(10));
    if (line.starts_with("# hint: ")) {
      expected.back() += "\n  = " + line.substr(8);
    }
  }
  return expected;
}

std::vector<std::string> Found(const Diagnostics& diagnostics) {
  std::vector<std::string> found;
  for (const Diagnostic& d : diagnostics) {
    const bool warning = d.severity == Diagnostic::Severity::kWarning;
    found.push_back(std::to_string(d.where.line) + ":" +
                    std::to_string(d.where.column) + ": " +
                    (warning ? "warning: " : "") + d.message +
                    (d.hint.empty() ? "" : "\n  = " + d.hint));
  }
  return found;
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = fs::path(info.param).stem().stem().string();
  std::string camel;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      camel += upper ? static_cast<char>(std::toupper(c)) : c;
      upper = false;
    }
  }
  return camel;
}

class BadFileTest : public testing::TestWithParam<std::string> {};

TEST_P(BadFileTest, HasExactlyTheExpectedMistakes) {
  const std::string text = TextOf(GetParam());
  const auto expected = ExpectedIn(text);
  ASSERT_FALSE(expected.empty());

  const LoadedRules loaded = LoadRules({{GetParam(), text}}, {});

  EXPECT_EQ(Found(loaded.diagnostics), expected);
  EXPECT_EQ(loaded.rules == nullptr, HasErrors(loaded.diagnostics));
}

INSTANTIATE_TEST_SUITE_P(, BadFileTest, testing::ValuesIn(FilesIn("bad")),
                         TestName);

class GoodFileTest : public testing::TestWithParam<std::string> {};

TEST_P(GoodFileTest, LoadsWithoutAWord) {
  const LoadedRules loaded = LoadRules({{GetParam(), TextOf(GetParam())}}, {});

  EXPECT_EQ(RenderText(loaded.diagnostics), "");
  ASSERT_NE(loaded.rules, nullptr);
  EXPECT_FALSE(loaded.rules->rules().empty());
}

INSTANTIATE_TEST_SUITE_P(, GoodFileTest, testing::ValuesIn(FilesIn("good")),
                         TestName);

// What the schema says of each file, by the script's standard output.
std::map<std::string, std::string> JudgedBySchema(
    const std::vector<std::string>& files) {
  const std::string schema = testing::TempDir() + "premura-rules-schema.json";
  std::ofstream(schema) << RuleSchema();
  std::string command = "python3 '" SCHEMA_SCRIPT "' '" + schema + "'";
  for (const std::string& file : files) command += " '" + file + "'";

  std::map<std::string, std::string> judged;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"),
                                                   pclose);
  std::array<char, 4096> line{};
  while (pipe && std::fgets(line.data(), line.size(), pipe.get())) {
    std::istringstream words(line.data());
    std::string verdict, path;
    words >> verdict >> path;
    if (path.ends_with(':')) path.pop_back();
    judged[path] = line.data();
  }
  return judged;
}

TEST(SchemaTest, AgreesWithTheReaderOnEveryFile) {
  std::vector<std::string> files = FilesIn("good");
  for (const std::string& file : FilesIn("bad")) files.push_back(file);

  const auto judged = JudgedBySchema(files);

  for (const std::string& file : files) {
    const std::string text = TextOf(file);
    const bool accepts = file.find("/good/") != file.npos ||
                         text.find("# schema: accepts\n") != text.npos;
    const auto verdict = judged.find(file);
    ASSERT_NE(verdict, judged.end()) << "no verdict on " << file;
    EXPECT_EQ(verdict->second.starts_with("good "), accepts) << verdict->second;
  }
}

}  // namespace
}  // namespace premura
