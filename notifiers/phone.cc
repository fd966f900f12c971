// SPDX-License-Identifier: Apache-2.0
#include "notifiers/phone.h"

#include <algorithm>

namespace premura {

std::optional<std::string> ParsePhone(std::string_view text) {
  // A nought that is dialled at home only; in Italy it would have to stay.
  if (text.find("(0)") != std::string_view::npos) return std::nullopt;
  std::string digits;
  bool plus = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c == '+' && digits.empty() && !plus) {
      plus = true;
    } else if (std::string_view(" .-()").find(c) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  if (!plus) {
    if (!digits.starts_with("00")) return std::nullopt;
    digits.erase(0, 2);
  }
  if (digits.size() < 7 || digits.size() > 15 || digits[0] == '0') {
    return std::nullopt;
  }
  return "+" + digits;
}

std::string MaskPhone(std::string_view phone) {
  std::string masked(phone);
  if (masked.size() <= 5) return std::string(masked.size(), '*');
  std::fill(masked.begin() + 3, masked.end() - 2, '*');
  return masked;
}

}  // namespace premura
