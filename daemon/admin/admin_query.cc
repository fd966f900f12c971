// SPDX-License-Identifier: Apache-2.0
// What stands behind the `?` of a request.

#include <algorithm>
#include <charconv>

#include "daemon/admin/admin_server.h"
#include "rules/utf8.h"

namespace premura {
namespace {

bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (NextCharacter(text, &at) < 0) return false;
  }
  return true;
}

// nullopt if it is broken, or not UTF-8.
std::optional<std::string> Unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain.push_back(text[i]);
      continue;
    }
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() ||
        std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) {
      return std::nullopt;
    }
    plain.push_back(static_cast<char>(byte));
    i += 2;
  }
  if (!IsUtf8(plain)) return std::nullopt;
  return plain;
}

}  // namespace

std::optional<AdminQuery> ParseAdminQuery(std::string_view query) {
  AdminQuery values;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = Unescape(part.substr(0, equals));
    const auto value = Unescape(part.substr(std::min(part.size(), equals + 1)));
    if (!name || !value) return std::nullopt;
    values[*name] = *value;
  }
  return values;
}

}  // namespace premura
