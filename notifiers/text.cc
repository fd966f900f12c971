// SPDX-License-Identifier: Apache-2.0
#include "notifiers/text.h"

#include <algorithm>

#include "notifiers/mail_address.h"
#include "notifiers/phone.h"
#include "rules/utf8.h"

namespace premura {
namespace {

bool IsControl(std::int32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 ||
         code == 0x2029;
}

bool IsAddressCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') ||
         std::string_view("._%+-@").find(c) != std::string_view::npos;
}

std::string MaskWord(std::string_view word) {
  if (word.find('@') != std::string_view::npos) return MaskMailAddress(word);
  const bool phone = word.size() > 7 && word[0] == '+' &&
                     std::all_of(word.begin() + 1, word.end(),
                                 [](char c) { return c >= '0' && c <= '9'; });
  return phone ? MaskPhone(word) : std::string(word);
}

}  // namespace

std::string_view CutCharacters(std::string_view text, std::size_t characters) {
  std::size_t end = 0;
  while (end < text.size() && characters-- > 0) NextCharacter(text, &end);
  return text.substr(0, end);
}

std::string OneLine(std::string_view text) {
  std::string line;
  bool gap = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const std::int32_t character = NextCharacter(text, &at);
    if (IsControl(character) || character == ' ') {
      gap = true;
      continue;
    }
    if (gap && !line.empty()) line += ' ';
    gap = false;
    line += text.substr(start, at - start);
  }
  return line;
}

bool HasControls(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (IsControl(NextCharacter(text, &at))) return true;
  }
  return false;
}

std::string MaskAddresses(std::string_view text) {
  std::string masked;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && IsAddressCharacter(text[end])) ++end;
    masked += MaskWord(text.substr(at, end - at));
    if (end < text.size()) masked += text[end++];
    at = end;
  }
  return masked;
}

}  // namespace premura
