// SPDX-License-Identifier: Apache-2.0
#include "daemon/mask.h"

#include <cctype>

namespace premura {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Of the part before the `@`; bytes above ASCII may be letters there.
bool IsLocal(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) !=
             std::string_view::npos;
}

bool IsDomain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || byte >= 0x80 || c == '-' || c == '.' ||
         c == '[' || c == ':' || c == ']';
}

// How many bytes the first character of `text` has.
std::size_t CharacterLength(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() &&
         (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) {
    ++length;
  }
  return length;
}

// Takes back the local part that already stands in `out` and writes it masked.
void MaskLocal(std::string* out) {
  std::size_t start = out->size();
  while (start > 0 && IsLocal((*out)[start - 1])) --start;
  if (start == out->size()) return;
  const std::size_t keep =
      CharacterLength(std::string_view(*out).substr(start));
  out->resize(start + keep);
  *out += "***";
}

// The end of the number that begins with the `+` at `at`, or `at` if it is too
// short to be one.
std::size_t NumberEnd(std::string_view text, std::size_t at,
                      std::string* digits) {
  constexpr std::size_t kShortest = 7;
  std::size_t end = at + 1;
  std::size_t i = at + 1;
  for (; i < text.size(); ++i) {
    if (IsDigit(text[i])) {
      digits->push_back(text[i]);
      end = i + 1;
    } else if (std::string_view(" -./()").find(text[i]) == text.npos) {
      break;
    }
  }
  return digits->size() < kShortest ? at : end;
}

}  // namespace

std::string MaskAddresses(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '@' && i + 1 < text.size() && IsDomain(text[i + 1])) {
      MaskLocal(&out);
    } else if (text[i] == '+') {
      std::string digits;
      const std::size_t end = NumberEnd(text, i, &digits);
      if (end != i) {
        out += "+" + digits.substr(0, 2) + "***" +
               digits.substr(digits.size() - 2);
        i = end;
        continue;
      }
    }
    out.push_back(text[i++]);
  }
  return out;
}

}  // namespace premura
