// SPDX-License-Identifier: Apache-2.0
#include "rules/quote.h"

namespace premura {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

// Behind anchors, tags and comments: where the value itself begins.
std::size_t SkipProperties(std::string_view text, std::size_t at) {
  while (true) {
    at = text.find_first_not_of(kBlank, at);
    if (at == text.npos) return at;
    if (text[at] == '#') {
      at = text.find('\n', at);
    } else if (text[at] == '&' || text[at] == '!') {
      at = text.find_first_of(kBlank, at);
    } else {
      return at;
    }
  }
}

}  // namespace

std::size_t FindOpenQuote(std::string_view text, std::size_t at) {
  const std::size_t begin = SkipProperties(text, at);
  if (begin == text.npos || (text[begin] != '"' && text[begin] != '\'')) {
    return text.npos;
  }
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      // Two of them are one of the text.
      if (quote == '"' || text.substr(i + 1, 1) != "'") return text.npos;
      ++i;
    }
  }
  return begin;
}

}  // namespace premura
