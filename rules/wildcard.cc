// SPDX-License-Identifier: Apache-2.0
#include "rules/wildcard.h"

#include <algorithm>
#include <array>

namespace premura {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// "page_*_viewed": `^page_.*_viewed$`.
std::string RegexOf(std::string_view text) {
  if (text.find(".*") != text.npos) return std::string(text);
  std::string regex = "^";
  for (const char c : text) {
    if (c == '*') regex += '.';
    regex += c;
  }
  return regex + "$";
}

}  // namespace

std::optional<Wildcard> WildcardIn(std::string_view text) {
  const std::size_t first = text.find_first_not_of('*');
  if (first == text.npos || text.find('*') == text.npos) return std::nullopt;
  const std::size_t last = text.find_last_not_of('*') + 1;
  const std::string_view rest = text.substr(first, last - first);
  if (rest.find('*') != rest.npos || text.find(".*") != text.npos) {
    return Wildcard{"re", RegexOf(text)};
  }
  if (first == 0) return Wildcard{"startswith", std::string(rest)};
  return Wildcard{last == text.size() ? "endswith" : "contains",
                  std::string(rest)};
}

std::vector<std::string> NamesIn(std::string_view text) {
  constexpr std::array<std::string_view, 4> kBetween = {" or ", " OR ", ",",
                                                        "|"};
  std::vector<std::string> names;
  while (true) {
    std::size_t end = text.npos;
    std::size_t length = 0;
    for (const std::string_view between : kBetween) {
      const std::size_t at = text.find(between);
      if (at >= end) continue;
      end = at;
      length = between.size();
    }
    const std::string_view name = Trimmed(text.substr(0, end));
    if (!name.empty()) names.emplace_back(name);
    if (end == text.npos) break;
    text.remove_prefix(end + length);
  }
  if (names.size() < 2) names.clear();
  return names;
}

}  // namespace premura
