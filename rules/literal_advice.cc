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

// `field|modifier: value`, where one value equals. Where a key of its own names
// the value, as `to`, there is nothing to write.
std::string Meant(const std::string& key, const Predicate& predicate,
                  std::string_view modifier, std::string_view value) {
  const auto field = std::string_view(key).substr(0, key.find('|'));
  if (predicate.op == Op::kNeq || field != predicate.field.path) return "";
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

bool ComparesText(Op op) {
  return op == Op::kContains || op == Op::kStartsWith || op == Op::kEndsWith;
}

// A star at an end of a text, or a `^` before it.
bool WarnOfWildcard(const std::string& key, const Node& at,
                    const Predicate& predicate, const std::string& text) {
  if (predicate.op == Op::kStartsWith && text.size() > 1 && text[0] == '^') {
    at.Warn(fmt::format("`{}` is a text here, and `^` is a part of it", text),
            Meant(key, predicate, "startswith", text.substr(1)));
    return true;
  }
  const bool star = text.starts_with('*') || text.ends_with('*');
  const auto wildcard = WildcardIn(text);
  if (!star || (!wildcard && ComparesText(predicate.op))) return false;
  std::string hint;
  const char* part = ", and `*` is a part of it";
  if (!wildcard) {
    part = "";
    hint = Meant(key, predicate, "exists", "true");
  } else if (predicate.op == Op::kContains && wildcard->modifier != "re") {
    hint = fmt::format("write `{}: {}`", key, wildcard->rest);
  } else {
    hint = Meant(key, predicate, wildcard->modifier, wildcard->rest);
  }
  at.Warn(fmt::format("`{}` is a text here{}", text, part), std::move(hint));
  return true;
}

// "first.amount" or "$first" for "$first.amount".
bool WarnOfLookBack(const Node& at, const std::string& text,
                    const std::vector<std::string>& steps) {
  std::string_view rest = text;
  const bool dollar = rest.starts_with('$');
  if (dollar) rest.remove_prefix(1);
  if (dollar && rest.starts_with('{')) rest.remove_prefix(1);
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string name(rest.substr(0, rest.find_first_of(".}")));
  const bool known = std::find(steps.begin(), steps.end(), name) != steps.end();
  if (!known || (!dollar && dot == rest.size())) return false;
  std::string_view field = rest.substr(std::min(dot + 1, rest.size()));
  if (field.ends_with('}')) field.remove_suffix(1);
  at.Warn(fmt::format("`{}` is a text here, and does not look back", text),
          fmt::format("what step `{0}` had is written `${0}.{1}`", name,
                      field.empty() ? "FIELD" : field));
  return true;
}

}  // namespace

void WarnOfLiteral(const std::string& key, const Node& at,
                   const Predicate& predicate, const Literal& literal,
                   const std::vector<std::string>& steps) {
  const std::string& text = literal.text;
  const bool equals = predicate.op == Op::kEquals || predicate.op == Op::kNeq;
  if (!equals && !ComparesText(predicate.op)) return;
  if (WarnOfWildcard(key, at, predicate, text)) return;
  if (!equals || WarnOfLookBack(at, text, steps)) return;
  if (const auto sign = SignAtStart(text)) {
    at.Warn(fmt::format("`{}` is a text here", text),
            Meant(key, predicate, sign->modifier, sign->rest));
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
