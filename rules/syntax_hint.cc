// SPDX-License-Identifier: Apache-2.0
#include "rules/syntax_hint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace premura {
namespace {

// The line, from 0, of the last bracket that is open where the text ends; -1 if
// none is. Quotes and comments are passed over.
int LineOfOpenBracket(std::string_view text, char* bracket) {
  std::vector<std::pair<char, int>> open;
  int line = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool begins =
        i == 0 || std::string_view(" \n,:{[").find(text[i - 1]) != text.npos;
    if (c == '\n') ++line;
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (begins && (c == '"' || c == '\'')) {
      quote = c;
    } else if (begins && c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if ((begins || !open.empty()) && (c == '{' || c == '[')) {
      open.emplace_back(c, line);
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
    }
  }
  if (open.empty()) return -1;
  *bracket = open.back().first;
  return open.back().second;
}

// Whether a value in the line begins with `start`, without a quote before it.
bool Begins(std::string_view line, std::string_view start) {
  for (std::size_t at = line.find(start); at != line.npos;
       at = line.find(start, at + 1)) {
    const std::size_t before = line.substr(0, at).find_last_not_of(' ');
    if (before == line.npos) return true;
    if (std::string_view(":,-[").find(line[before]) != line.npos) return true;
  }
  return false;
}

// Braces of ours that YAML takes for its own; `${` only inside of such.
std::string BracesHint(std::string_view message, std::string_view line) {
  if (message.ends_with("flow not found") && Begins(line, "${env:")) {
    return "in braces it must be quoted: \"${env:NAME}\"";
  }
  return Begins(line, "{{") ? kQuoteBraces : "";
}

// What yaml-cpp's words mostly mean. `column`: where it stopped.
std::string WordsHint(std::string_view message, std::string_view line,
                      std::size_t column) {
  if (line.find('\t') != line.npos) {
    return "there is a tab in this line; use spaces";
  }
  if (message == "illegal map value") {
    return "check the indentation; quote a text that holds `: `";
  }
  if (message == "end of map not found" ||
      message == "end of sequence not found") {
    const bool begins = line.find_first_not_of(' ') >= column;
    return begins ? "check the indentation: what belongs together begins in "
                    "one column"
                  : "quote the whole of a text that begins with a quote or a "
                    "bracket";
  }
  const std::string_view rest = line.substr(std::min(column, line.size()));
  if (message == "unexpected character in block scalar" ||
      rest.starts_with('>') || rest.starts_with('|')) {
    return kQuoteGreater;
  }
  if (message == "unknown token") {
    // In braces a question mark before a comma is taken for YAML's own.
    if (line.find_first_of("{[") != line.npos && line.find('?') != line.npos) {
      return "quote a text that holds a question mark";
    }
    return "quote a text that begins with @, % or a backquote";
  }
  return {};
}

}  // namespace

std::string SyntaxHint(const SyntaxMistake& mistake) {
  std::string hint = BracesHint(mistake.message, mistake.line);
  if (!hint.empty()) return hint;
  char bracket = 0;
  const int open = LineOfOpenBracket(mistake.before, &bracket);
  if (open >= 0 && open < mistake.number) {
    return fmt::format("the `{}` of line {} is not closed", bracket, open + 1);
  }
  return WordsHint(mistake.message, mistake.line, mistake.column);
}

}  // namespace premura
