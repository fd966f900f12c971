// SPDX-License-Identifier: Apache-2.0
#include "rules/fold.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <string>

#include "rules/utf8.h"

namespace premura {
namespace {

char LowerAscii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Folds the character at text[*at] and moves behind it. A byte that is not
// UTF-8 stays itself.
std::size_t FoldOne(std::string_view text, std::size_t* at, char* out) {
  const std::size_t start = *at;
  const std::int32_t character = NextCharacter(text, at);
  if (character < 0) {
    out[0] = text[start];
    return 1;
  }
  return EncodeCharacter(u_foldCase(character, U_FOLD_CASE_DEFAULT), out);
}

// Whether what begins at text[at] begins with `folded`; `end` is then where
// it ends in the text.
bool MatchesAt(std::string_view text, std::size_t at, std::string_view folded,
               std::size_t* end) {
  std::size_t matched = 0;
  while (matched < folded.size()) {
    if (at >= text.size()) return false;
    if (IsAscii(text[at])) {
      if (LowerAscii(text[at]) != folded[matched]) return false;
      ++at;
      ++matched;
      continue;
    }
    char character[4];
    const std::size_t size = FoldOne(text, &at, character);
    if (folded.substr(matched, size) != std::string_view(character, size)) {
      return false;
    }
    matched += size;
  }
  *end = at;
  return true;
}

bool StartsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

// Most texts come in the case that is compared with: look for that first.
bool FoldedEquals(std::string_view text, std::string_view folded) {
  if (text == folded) return true;
  std::size_t end = 0;
  return MatchesAt(text, 0, folded, &end) && end == text.size();
}

bool FoldedStartsWith(std::string_view text, std::string_view folded) {
  if (text.starts_with(folded)) return true;
  std::size_t end = 0;
  return MatchesAt(text, 0, folded, &end);
}

bool FoldedEndsWith(std::string_view text, std::string_view folded) {
  auto characters =
      std::count_if(folded.begin(), folded.end(), StartsCharacter);
  std::size_t at = text.size();
  while (characters > 0 && at > 0) {
    if (StartsCharacter(text[--at])) --characters;
  }
  return characters == 0 && FoldedEquals(text.substr(at), folded);
}

// Every byte is tried as a beginning: one in the middle of a character
// matches nothing that begins a character.
bool FoldedContains(std::string_view text, std::string_view folded) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (MatchesAt(text, at, folded, &end)) return true;
  }
  return folded.empty();
}

std::uint64_t FoldedHash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a.
  const auto add = [&hash](char c) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  };
  for (std::size_t at = 0; at < text.size();) {
    if (IsAscii(text[at])) {
      add(LowerAscii(text[at++]));
      continue;
    }
    char character[4];
    const std::size_t size = FoldOne(text, &at, character);
    std::for_each(character, character + size, add);
  }
  return hash;
}

std::string FoldCase(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    char character[4];
    const std::size_t size = FoldOne(text, &at, character);
    folded.append(character, size);
  }
  return folded;
}

}  // namespace premura
