// SPDX-License-Identifier: Apache-2.0
#include "rules/comparison_sign.h"

#include <array>
#include <string>
#include <utility>

#include "rules/number.h"

namespace premura {
namespace {

// The longer ones first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kSigns =
    {{{">=", "gte"},
      {"=>", "gte"},
      {"\u2265", "gte"},
      {"<=", "lte"},
      {"=<", "lte"},
      {"\u2264", "lte"},
      {"!=", "neq"},
      {"<>", "neq"},
      {"==", ""},
      {">", "gt"},
      {"<", "lt"},
      {"=", ""}}};

}  // namespace

std::optional<ComparisonSign> SignAtEnd(std::string_view field) {
  for (const auto& [sign, modifier] : kSigns) {
    if (!field.ends_with(sign)) continue;
    field.remove_suffix(sign.size());
    while (field.ends_with(' ')) field.remove_suffix(1);
    if (field.empty()) return std::nullopt;
    return ComparisonSign{modifier, field};
  }
  return std::nullopt;
}

std::optional<ComparisonSign> SignAtStart(std::string_view value) {
  for (const auto& [sign, modifier] : kSigns) {
    if (!value.starts_with(sign)) continue;
    value.remove_prefix(sign.size());
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (!ParseNumber(value)) return std::nullopt;
    return ComparisonSign{modifier, value};
  }
  return std::nullopt;
}

}  // namespace premura
