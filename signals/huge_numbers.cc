// SPDX-License-Identifier: Apache-2.0

#include "signals/huge_numbers.h"

#include <charconv>
#include <cstdint>
#include <system_error>

namespace premura {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The length of the JSON number at the front of `text`; 0 if there is none.
std::size_t NumberLength(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t whole = at;
  if (!digits()) return 0;
  if (text[whole] == '0' && at > whole + 1) return 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return 0;
  }
  return at;
}

}  // namespace

bool IsHugeNumber(std::string_view number) {
  if (number.empty() || NumberLength(number) != number.size()) return false;
  const char* end = number.data() + number.size();
  if (number.find_first_of(".eE") == number.npos) {
    std::int64_t integer = 0;
    std::uint64_t natural = 0;
    return std::from_chars(number.data(), end, integer).ec != std::errc() &&
           std::from_chars(number.data(), end, natural).ec != std::errc();
  }
  double real = 0;
  return std::from_chars(number.data(), end, real).ec ==
         std::errc::result_out_of_range;
}

namespace {

// The length of the JSON text at the front of `text`, with its quotes.
std::size_t TextLength(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at < text.size() ? at + 1 : text.size();
}

}  // namespace

std::string MarkHugeNumbers(std::string_view json) {
  std::string marked;
  marked.reserve(json.size() + 64);
  while (!json.empty()) {
    std::size_t length = 1;
    const char c = json.front();
    if (c == '"') {
      length = TextLength(json);
    } else if (c == '-' || IsDigit(c)) {
      length = NumberLength(json);
      if (length == 0) return marked.append(json);  // Not JSON.
      if (IsHugeNumber(json.substr(0, length))) {
        const std::size_t next = json.find_first_not_of(" \t\r\n", length);
        if (next != json.npos && json[next] == ':') {
          return marked.append(json);  // A number as a name is not JSON.
        }
        marked.append("\"\\u001f").append(json.substr(0, length)).append("\"");
        json.remove_prefix(length);
        continue;
      }
    }
    marked.append(json.substr(0, length));
    json.remove_prefix(length);
  }
  return marked;
}

}  // namespace premura
