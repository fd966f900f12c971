// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mail_address.h"

#include <algorithm>

#include "rules/utf8.h"

namespace premura {
namespace {

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

// Words between dots, none empty, of alphanumerics and `others`.
bool IsDotted(std::string_view text, std::string_view others) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || c == '.' ||
           others.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool IsMailAddress(std::string_view text) {
  const std::size_t at = text.find('@');
  if (text.size() > 254 || at == std::string_view::npos || at > 64) {
    return false;
  }
  const std::string_view domain = text.substr(at + 1);
  return IsDotted(text.substr(0, at), "!#$%&'*+/=?^_`{|}~-") &&
         IsDotted(domain, "-") && domain.front() != '-' &&
         domain.back() != '-' && domain.find('.') != std::string_view::npos;
}

std::string MaskMailAddress(std::string_view address) {
  const std::size_t at = address.find('@');
  if (at == std::string_view::npos || at == 0) return "***";
  std::size_t first = 0;  // A whole character.
  NextCharacter(address, &first);
  return std::string(address.substr(0, first)) + "***" +
         std::string(address.substr(address.rfind('@')));
}

}  // namespace premura
