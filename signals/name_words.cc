// SPDX-License-Identifier: Apache-2.0
#include "signals/name_words.h"

namespace premura {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsWord(char c) {
  return IsUpper(c) || IsLower(c) || (c >= '0' && c <= '9');
}

}  // namespace

std::vector<std::string> WordsOf(std::string_view name) {
  std::vector<std::string> words(1);
  char before = '_';
  for (const char c : name) {
    const bool begins = IsUpper(c) && IsLower(before);
    if ((begins || !IsWord(c)) && !words.back().empty()) words.emplace_back();
    if (IsWord(c)) {
      words.back().push_back(IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c);
    }
    before = c;
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

}  // namespace premura
