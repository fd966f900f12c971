// SPDX-License-Identifier: Apache-2.0
// What a person most likely meant where a text is no YAML.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace premura {

// Where yaml-cpp stopped, and what it said.
struct SyntaxMistake {
  std::string_view message;
  std::string_view line;
  int number = 0;  // The line's, from 0.
  std::size_t column = 0;
  std::string_view before;  // All of the file up to there.
};

inline constexpr const char* kQuoteBraces = "quote a text that begins with {{";

inline constexpr const char* kQuoteGreater =
    "quote a text that begins with > or |; to compare numbers write "
    "`amount|gt: 5`";

// Empty if there is nothing to advise.
std::string SyntaxHint(const SyntaxMistake& mistake);

}  // namespace premura
