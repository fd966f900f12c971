// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "rules/document.h"
#include "rules/document_impl.h"
#include "rules/number.h"

namespace premura {
namespace {

const char* KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMapping:
      return "a mapping";
    case Node::Kind::kScalar:
    case Node::Kind::kNone:
      break;
  }
  return "a single value";
}

std::string Join(const std::vector<std::string>& words) {
  std::string joined;
  for (const std::string& word : words) {
    if (!joined.empty()) joined += ", ";
    joined += word;
  }
  return joined;
}

std::string Meant(const std::string& word,
                  const std::vector<std::string>& choices) {
  const std::string nearest = Nearest(word, choices);
  return nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest);
}

// YAML 1.2 core: digits with a sign.
std::optional<std::int64_t> ParseWhole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

// Of a unit as people write it, in milliseconds; 0: there is none.
double UnitMeant(std::string word) {
  for (char& c : word) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr double kDay = 24 * 3'600'000.0;
  struct Unit {
    std::string_view short_name, name;
    double size;
  };
  constexpr std::array<Unit, 8> kUnits = {{{"ms", "milliseconds", 1},
                                           {"s", "seconds", 1'000},
                                           {"m", "minutes", 60'000},
                                           {"h", "hours", 3'600'000},
                                           {"d", "days", kDay},
                                           {"w", "weeks", 7 * kDay},
                                           {"mo", "months", 30 * kDay},
                                           {"y", "years", 365 * kDay}}};
  if (word == "hr" || word == "hrs") word = "h";
  if (word == "mins" || word == "secs") word.pop_back();
  for (const Unit& unit : kUnits) {
    if (word == unit.short_name) return unit.size;
  }
  for (const Unit& unit : kUnits) {
    if (word.size() > 1 && unit.name.starts_with(word)) return unit.size;
  }
  return 0;
}

// As one writes it: "90m", in the largest unit that leaves nothing over.
std::string InOneUnit(double milliseconds) {
  constexpr std::array<std::pair<const char*, double>, 5> kUnits = {
      {{"d", 24 * 3'600'000.0},
       {"h", 3'600'000},
       {"m", 60'000},
       {"s", 1'000},
       {"ms", 1}}};
  constexpr double kMost = 1e15;
  if (!(milliseconds > 0 && milliseconds < kMost)) return "";
  for (const auto& [name, size] : kUnits) {
    const double count = milliseconds / size;
    if (count == std::floor(count)) return fmt::format("{:.0f}{}", count, name);
  }
  return "";
}

// "2 days", "30min", "1.5h", "1h 30m" as durations are written; empty: it
// cannot be told.
std::string DurationMeant(const std::string& text) {
  double sum = 0;
  std::string_view rest = text;
  const auto take = [&rest](std::string_view characters) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::size_t end =
        std::min(rest.find_first_not_of(characters), rest.size());
    const std::string_view taken = rest.substr(0, end);
    rest.remove_prefix(end);
    return taken;
  };
  while (!rest.empty()) {
    const auto number = ParseNumber(take("0123456789."));
    const double unit = UnitMeant(std::string(
        take("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")));
    if (!number || unit == 0) return "";
    sum += number->AsDouble() * unit;
  }
  return InOneUnit(sum);
}

// "50%" as a share is written.
std::string ShareMeant(std::string_view text) {
  if (!text.ends_with('%')) return "";
  const auto number = ParseNumber(text.substr(0, text.size() - 1));
  return number ? fmt::format("write {}", number->AsDouble() / 100) : "";
}

struct SizeUnit {
  std::string_view name;
  std::int64_t bytes;
};
constexpr std::array<SizeUnit, 8> kSizeUnits = {{{"", 1},
                                                 {"B", 1},
                                                 {"kB", 1'000},
                                                 {"MB", 1'000'000},
                                                 {"GB", 1'000'000'000},
                                                 {"KiB", 1 << 10},
                                                 {"MiB", 1 << 20},
                                                 {"GiB", 1 << 30}}};

std::optional<std::int64_t> ParseSize(std::string_view text) {
  const std::size_t digits =
      std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = ParseWhole(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const SizeUnit& unit : kSizeUnits) {
    if (text.substr(digits) != unit.name) continue;
    const auto limit = std::numeric_limits<std::int64_t>::max() / unit.bytes;
    if (*number > limit) return std::nullopt;
    return *number * unit.bytes;
  }
  return std::nullopt;
}

}  // namespace

Node DocumentImpl::MakeNode(int index) {
  Node node;
  node.document_ = this;
  node.index_ = index;
  return node;
}

const NodeData* Node::data() const {
  if (document_ == nullptr || index_ < 0) return nullptr;
  return &document_->nodes[static_cast<std::size_t>(index_)];
}

Node::Kind Node::kind() const { return data() ? data()->kind : Kind::kNone; }

SourcePosition Node::position() const {
  return document_ == nullptr ? SourcePosition{}
                              : document_->PositionOf(index_);
}

bool Node::IsNull() const { return data() != nullptr && data()->null; }

bool Node::IsQuoted() const { return data() != nullptr && data()->quoted; }

void Node::Complain(std::string message, std::string hint) const {
  if (document_ == nullptr) return;
  document_->Error(position(), std::move(message), std::move(hint));
}

void Node::Warn(std::string message, std::string hint) const {
  if (document_ == nullptr) return;
  document_->Record(Diagnostic::Severity::kWarning, position(),
                    std::move(message), std::move(hint));
}

// The data, if it is of this kind and not null; else records a mistake.
const NodeData* Node::Expect(Kind expected, std::string_view what,
                             std::string_view kind_name) const {
  const NodeData* node = data();
  if (node == nullptr) return nullptr;
  if (node->null) {
    Complain(fmt::format("`{}` is empty", what));
    return nullptr;
  }
  if (node->kind == expected) return node;
  Complain(fmt::format("`{}` must be {}, not {}", what, kind_name,
                       KindName(node->kind)));
  return nullptr;
}

std::optional<std::string> Node::AsText(std::string_view what) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a text");
  if (node == nullptr) return std::nullopt;
  return node->text;
}

std::optional<bool> Node::AsBool(std::string_view what) const {
  const NodeData* node = Expect(Kind::kScalar, what, "`true` or `false`");
  if (node == nullptr) return std::nullopt;
  if (!node->quoted && node->text == "true") return true;
  if (!node->quoted && node->text == "false") return false;
  Complain(fmt::format("`{}` must be `true` or `false`, not {}`{}`", what,
                       node->quoted ? "the text " : "", node->text));
  return std::nullopt;
}

std::optional<std::int64_t> Node::AsInt(std::string_view what, std::int64_t min,
                                        std::int64_t max) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a whole number");
  if (node == nullptr) return std::nullopt;
  const auto number = ParseWhole(node->text);
  if (!number || node->quoted) {
    Complain(fmt::format("`{}` must be a whole number, not {}`{}`", what,
                         node->quoted ? "the text " : "", node->text),
             number ? "write it without quotes" : "");
    return std::nullopt;
  }
  if (*number >= min && *number <= max) return number;
  Complain(min == max
               ? fmt::format("`{}` is {}; it must be {}", what, *number, min)
               : fmt::format("`{}` is {}; it must be between {} and {}", what,
                             *number, min, max));
  return std::nullopt;
}

std::optional<double> Node::AsNumber(std::string_view what) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a number");
  if (node == nullptr) return std::nullopt;
  const auto number = ParseNumber(node->text);
  if (number && !node->quoted) return number->AsDouble();
  Complain(fmt::format("`{}` must be a number, not {}`{}`", what,
                       node->quoted ? "the text " : "", node->text),
           number ? "write it without quotes" : ShareMeant(node->text));
  return std::nullopt;
}

std::optional<Duration> Node::AsDuration(std::string_view what) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a duration");
  if (node == nullptr) return std::nullopt;
  const std::string& text = node->text;
  const auto duration = ParseDuration(text);
  if (duration) return duration;
  const auto seconds = ParseDuration(text + "s");
  if (seconds && *seconds > Duration(0)) {
    Complain(fmt::format("`{}` needs a unit", what),
             fmt::format("write {0}s, {0}m, {0}h or {0}d", text));
    return std::nullopt;
  }
  const std::string meant = DurationMeant(text);
  Complain(fmt::format("`{}` is `{}`, which is no duration", what, text),
           meant.empty()
               ? "a whole number and one of ms s m h d w, for example 15m"
               : fmt::format("write {}", meant));
  return std::nullopt;
}

std::optional<std::int64_t> Node::AsSize(std::string_view what) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a size");
  if (node == nullptr) return std::nullopt;
  const auto size = ParseSize(node->text);
  if (!size) {
    Complain(fmt::format("`{}` is `{}`, which is no size", what, node->text),
             "a whole number and one of B kB MB GB KiB MiB GiB, for example "
             "64MiB");
  }
  return size;
}

std::optional<std::size_t> Node::AsChoice(
    std::string_view what, const std::vector<std::string>& choices) const {
  const NodeData* node = Expect(Kind::kScalar, what, "a text");
  if (node == nullptr) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), node->text);
  if (found != choices.end()) {
    return static_cast<std::size_t>(found - choices.begin());
  }
  Complain(fmt::format("`{}` is `{}`; it must be {}{}", what, node->text,
                       choices.size() > 1 ? "one of " : "", Join(choices)),
           Meant(node->text, choices));
  return std::nullopt;
}

std::vector<Node> Node::AsList(std::string_view what) const {
  const NodeData* node = Expect(Kind::kSequence, what, "a list");
  std::vector<Node> elements;
  if (node == nullptr) return elements;
  for (const int item : node->items) {
    elements.push_back(document_->MakeNode(item));
  }
  return elements;
}

std::vector<Node> Node::AsListOrScalar(std::string_view what) const {
  if (kind() == Kind::kScalar && !IsNull()) return {*this};
  return AsList(what);
}

std::vector<std::string> Node::AsTexts(std::string_view what) const {
  std::vector<std::string> texts;
  for (const Node& element : AsListOrScalar(what)) {
    if (auto text = element.AsText(what)) texts.push_back(*std::move(text));
  }
  return texts;
}

Mapping Node::AsMapping(std::string_view what) const {
  if (Expect(Kind::kMapping, what, "a mapping") == nullptr) return {};
  return Mapping(*this);
}

}  // namespace premura
