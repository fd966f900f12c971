// SPDX-License-Identifier: Apache-2.0
#include "rules/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/fold.h"

namespace premura {
namespace {

constexpr std::string_view kProperties = "properties.";
constexpr std::string_view kCustomer = "customer.";
constexpr std::size_t kLongest = 200;

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

// Of "$first.amount": where the dot stands.
std::size_t DotOf(const std::string& text) {
  std::size_t at = 1;
  while (at < text.size() && IsNameCharacter(text[at])) ++at;
  return at;
}

// Names between single dots.
bool IsPath(std::string_view path) {
  return !path.empty() && path.size() <= kLongest && path.front() != '.' &&
         path.back() != '.' && path.find("..") == path.npos;
}

FieldRef::Root OwnRoot(const std::string& text) {
  if (text == "event") return FieldRef::Root::kName;
  if (text == "id") return FieldRef::Root::kId;
  if (text == "time") return FieldRef::Root::kTime;
  return FieldRef::Root::kProperty;
}

// Where premura itself looks in a profile; names differ by case.
void WarnOfCase(std::string_view path, const Node& at) {
  constexpr std::array<std::string_view, 12> kKnown = {
      "name",    "first_name", "role",  "tier",  "locale", "timezone",
      "country", "email",      "phone", "owner", "phase",  "account"};
  const std::string folded = FoldCase(path);
  if (folded == path) return;
  if (std::find(kKnown.begin(), kKnown.end(), folded) == kKnown.end()) return;
  at.Warn(fmt::format("`{}` is another field of the profile than `{}`", path,
                      folded),
          "names of fields are compared exactly");
}

// "Customer.tier" is a property like any other.
void WarnOfRoot(const std::string& text, const Node& at) {
  const std::string root = FoldCase(text.substr(0, text.find('.') + 1));
  if (root != kCustomer && root != kProperties) return;
  if (text.starts_with(root)) return;
  at.Warn(fmt::format("`{}` is a property of the event", text),
          fmt::format("did you mean `{}{}`?", root, text.substr(root.size())));
}

FieldRef ProfileRef(std::string_view path, Symbols* symbols) {
  FieldRef field;
  field.root = FieldRef::Root::kProfile;
  field.symbol = symbols->profile.Intern(path);
  return field;
}

FieldRef EventRef(const std::string& text, Symbols* symbols) {
  FieldRef field;
  field.root = OwnRoot(text);
  if (field.root != FieldRef::Root::kProperty) return field;
  std::string_view path = text;
  if (path.starts_with(kProperties)) path.remove_prefix(kProperties.size());
  field.symbol = symbols->properties.Intern(path);
  return field;
}

// What is wrong with `text` as a field, if anything is.
std::pair<std::string, std::string> MistakeIn(const std::string& text,
                                              bool profile) {
  if (text.starts_with('$')) {
    return {fmt::format("`{}` looks back, where a field is meant", text),
            "an earlier step can only be a value: `amount|gte: $first.amount`"};
  }
  if (!IsPath(text) || text == "properties") {
    return {fmt::format("`{}` is no field", text),
            "names with single dots between them, for example `d.ip`"};
  }
  if (text == "customer") {
    return {"`customer` alone is no field",
            "name what of the profile is meant, for example `customer.tier`"};
  }
  if (profile && text.starts_with(kProperties)) {
    return {fmt::format("`{}` is of the event; here only the profile is known",
                        text),
            "put it into `where`"};
  }
  return {};
}

}  // namespace

FieldRef ReadFieldRef(const std::string& text, const Node& at,
                      const ConditionContext& context) {
  FieldRef field;
  const auto [message, hint] = MistakeIn(text, context.profile);
  if (!message.empty()) {
    at.Complain(message, hint);
  } else if (text.starts_with(kCustomer)) {
    const std::string_view path =
        std::string_view(text).substr(kCustomer.size());
    WarnOfCase(path, at);
    field = ProfileRef(path, context.symbols);
  } else if (context.profile) {
    WarnOfCase(text, at);
    field = ProfileRef(text, context.symbols);
  } else {
    WarnOfRoot(text, at);
    field = EventRef(text, context.symbols);
  }
  field.path = text;
  return field;
}

bool IsLookBack(const std::string& text) {
  if (text.size() < 2 || text[0] != '$') return false;
  const bool digit = text[1] >= '0' && text[1] <= '9';
  const std::size_t dot = DotOf(text);
  return !digit && dot > 1 && dot + 1 < text.size() && text[dot] == '.';
}

std::string WrittenProperty(const std::string& path) {
  const bool doubtful = OwnRoot(path) != FieldRef::Root::kProperty ||
                        path.starts_with(kProperties) ||
                        path.starts_with(kCustomer) ||
                        !MistakeIn(path, false).first.empty();
  const std::string written = (doubtful ? std::string(kProperties) : "") + path;
  return MistakeIn(written, false).first.empty() ? written : "";
}

std::optional<FieldRef> ReadLookBack(const std::string& text, const Node& at,
                                     const ConditionContext& context) {
  const std::size_t dot = DotOf(text);
  const std::string name = text.substr(1, dot - 1);
  const auto& steps = context.steps;
  const auto found = std::find(steps.begin(), steps.end(), name);
  if (found == steps.end()) {
    const std::string nearest = Nearest(name, steps);
    at.Complain(fmt::format("`${}` names no earlier step", name),
                nearest.empty() ? "a step of a sequence gets a name by `as`"
                                : fmt::format("did you mean `${}`?", nearest));
    return std::nullopt;
  }
  FieldRef field = ReadFieldRef(text.substr(dot + 1), at, context);
  field.step = static_cast<std::uint8_t>(found - steps.begin() + 1);
  field.path = text;
  return field;
}

}  // namespace premura
