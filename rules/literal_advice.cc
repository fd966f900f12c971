// SPDX-License-Identifier: Apache-2.0
#include "rules/literal_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/comparison_sign.h"
#include "rules/wildcard.h"

namespace premura {
namespace {

using Op = Predicate::Op;

// `amount|gt`; without a modifier `amount`.
std::string WithModifier(std::string_view field, std::string_view modifier) {
  return fmt::format("{}{}{}", field, modifier.empty() ? "" : "|", modifier);
}

// `field|modifier: value`, where one value equals; else nothing to write.
std::string Meant(const std::string& key, const Predicate& predicate,
                  std::string_view modifier, std::string_view value) {
  if (predicate.op != Op::kEquals) return "";
  const auto field = std::string_view(key).substr(0, key.find('|'));
  return fmt::format("write `{}: {}`", WithModifier(field, modifier), value);
}

// What YAML once took for a boolean. `NO` is a country, and `on` and `off` are
// states of many things.
std::string_view BooleanIn(const std::string& text) {
  constexpr std::array<std::string_view, 3> kYes = {"yes", "Yes", "YES"};
  constexpr std::array<std::string_view, 2> kNo = {"no", "No"};
  if (std::find(kYes.begin(), kYes.end(), text) != kYes.end()) return "true";
  if (std::find(kNo.begin(), kNo.end(), text) != kNo.end()) return "false";
  return {};
}

}  // namespace

void WarnOfLiteral(const std::string& key, const Node& at,
                   const Predicate& predicate, const Literal& literal) {
  const std::string& text = literal.text;
  if (predicate.op != Op::kEquals && predicate.op != Op::kNeq) return;
  if (const auto sign = SignAtStart(text)) {
    at.Warn(fmt::format("`{}` is a text here", text),
            Meant(key, predicate, sign->modifier, sign->rest));
    return;
  }
  const auto wildcard = WildcardIn(text);
  if (wildcard && (text.front() == '*' || text.back() == '*')) {
    at.Warn(fmt::format("`{}` is a text here, and `*` is a part of it", text),
            Meant(key, predicate, wildcard->modifier, wildcard->rest));
    return;
  }
  const std::string_view boolean = BooleanIn(text);
  if (boolean.empty() || at.IsQuoted()) return;
  at.Warn(
      fmt::format("`{}` is a text here, and does not match `{}`", text,
                  boolean),
      fmt::format("write `{}`, or \"{}\" if the text is meant", boolean, text));
}

}  // namespace premura
