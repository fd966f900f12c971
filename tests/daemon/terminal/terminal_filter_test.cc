// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/terminal_filter.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

std::string Filtered(const std::string& text) {
  std::ostringstream out;
  *NewTerminalFilter(&out) << text;
  return out.str();
}

TEST(TerminalFilter, PassesOnNoControlCharacterButTheEndsOfLines) {
  EXPECT_EQ(Filtered("a\tb\nc\r\nd"), "a\tb\nc\nd");
  EXPECT_EQ(Filtered("\x1b[2Jx\r\ry\x07\n"), "?[2Jx??y?\n");
  EXPECT_EQ(Filtered("perché \u009b31m \u202e\n"), "perché ?31m ?\n");
  EXPECT_EQ(Filtered(std::string("\0", 1)), "?");
}

// A character is not cut in two by how it is written.
TEST(TerminalFilter, TextMayComeInPieces) {
  std::ostringstream out;
  const auto filter = NewTerminalFilter(&out);
  for (const char c : std::string("perché\x1b\n")) filter->put(c);
  EXPECT_EQ(out.str(), "perché?\n");
  *filter << "rest";
  EXPECT_EQ(out.str(), "perché?\n");
  filter->flush();
  EXPECT_EQ(out.str(), "perché?\nrest");
}

TEST(TerminalFilter, SaysThatNothingCouldBeWritten) {
  std::ostringstream out;
  const auto filter = NewTerminalFilter(&out);
  out.setstate(std::ios::badbit);
  *filter << "lost\n" << std::flush;
  EXPECT_FALSE(filter->good());
}

// What customers say reaches a terminal in no way that it would obey, and a
// file as it is.
TEST(TerminalFilter, ABacktestShowsNoControlCharactersOnATerminal) {
  TempFolder folder;
  folder.Write("a.yaml", R"(version: 1
rules:
  - {id: r, title: R, detect: {event_count: {event: x, gte: 1, within: 1h}}, actions: [{ticket: {template: t}}]}
)");
  folder.Write("e.jsonl",
               "{\"customer\":\"a\\u001b]0;b\\u0007\\u009b2J\",\"event\":"
               "\"x\",\"ts\":1767225600}\n");
  for (const char* format : {"csv", "jsonl"}) {
    const std::vector<std::string> words = {"backtest",
                                            "--rules",
                                            folder.Path("a.yaml"),
                                            "--events",
                                            folder.Path("e.jsonl"),
                                            "--output",
                                            format};
    const auto count = [](const std::string& text) {
      return text.find('\x1b') != text.npos || text.find('\x07') != text.npos ||
             text.find("\u009b") != text.npos;
    };
    EXPECT_FALSE(count(PremuraOnATerminal(words).out)) << format;
    EXPECT_TRUE(count(Premura(words).out)) << format;
  }
}

}  // namespace
}  // namespace premura
