// SPDX-License-Identifier: Apache-2.0
#include "notifiers/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/mail_address.h"
#include "notifiers/phone.h"
#include "rules/printable.h"
#include "rules/utf8.h"

namespace premura {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Of words that may be addresses: what encloses them in answers is not.
bool IsAddressCharacter(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != '\x7f' &&
         std::string_view("<>()[]\",;:").find(c) == std::string_view::npos;
}

// Where the telephone number that begins at text[at] ends; `at` if there is
// none: "+" or "00" and at least seven digits, perhaps in groups.
std::size_t EndOfPhone(std::string_view text, std::size_t at) {
  if (at > 0 && IsAddressCharacter(text[at - 1])) return at;
  const std::string_view rest = text.substr(at);
  if (!rest.starts_with('+') && !rest.starts_with("00")) return at;
  std::size_t end = at + 1;
  std::size_t digits = 0;
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (IsDigit(text[i])) {
      ++digits;
      end = i + 1;
    } else if (std::string_view(" .-/()").find(text[i]) == text.npos ||
               i > end + 1) {
      break;
    }
  }
  return digits >= 7 ? end : at;
}

std::string MaskWord(std::string_view word) {
  return word.find('@') == std::string_view::npos ? std::string(word)
                                                  : MaskMailAddress(word);
}

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// How long an escape at text[at] is, whose letters belong to no word: "%2B" of
// URLs, "\u002B" and "\n" of JSON. 0: there is none.
std::size_t EscapeAt(std::string_view text, std::size_t at) {
  if (text[at] == '%') return 3;
  if (text[at] != '\\') return 0;
  return text.substr(at + 1).starts_with('u') ? 6 : 2;
}

// Of a word without letters: its runs of digits that are as long as a number
// with its country.
void MaskRuns(std::string* text, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end;) {
    std::size_t stop = at;
    while (stop < end && IsDigit((*text)[stop])) ++stop;
    if (stop - at >= 9 && stop - at <= 15) {
      text->replace(at, stop - at, MaskPhone(text->substr(at, stop - at)));
    }
    at = stop + 1;
  }
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

std::string UrlEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9') ||
        std::string_view("-._~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c)
                     : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

std::string MaskAddresses(std::string_view text) {
  std::string masked;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = EndOfPhone(text, at);
    if (end > at) {
      masked += MaskPhone(text.substr(at, end - at));
      at = end;
      continue;
    }
    while (end < text.size() && IsAddressCharacter(text[end])) ++end;
    masked += MaskWord(text.substr(at, end - at));
    if (end < text.size()) masked += text[end++];
    at = end;
  }
  return masked;
}

std::string MaskAnswer(std::string_view text) {
  std::string masked = MaskAddresses(text);
  for (std::size_t at = 0; at < masked.size();) {
    const std::size_t begin = at;
    bool letters = false;
    for (; at < masked.size(); ++at) {
      const char c = masked[at];
      if (!IsDigit(c) && !IsLetter(c) && c != '-' && c != '_') break;
      letters |= IsLetter(c) || c == '_';
    }
    if (!letters) MaskRuns(&masked, begin, at);
    if (at < masked.size()) {
      at += std::max(EscapeAt(masked, at), std::size_t{1});
    }
  }
  return masked;
}

}  // namespace premura
