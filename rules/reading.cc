// SPDX-License-Identifier: Apache-2.0
#include "rules/reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/fold.h"
#include "rules/wildcard.h"

namespace premura {
namespace {

constexpr Duration kLongestSpan = std::chrono::hours(24 * 3650);
constexpr int kMaxCount = 10'000;
constexpr std::size_t kLongestName = 200;
constexpr std::string_view kDetection = "detection:";

// Of a name that looks like several. In a list it is meant as it stands, but
// for a star, which no one's names have.
void WarnOfSeveral(const std::string& name, const Node& at, bool in_list) {
  if (name.find('*') != name.npos) {
    const auto wildcard = WildcardIn(name);
    at.Warn(fmt::format("`{}` is the name of one event, and `*` a part of it",
                        name),
            wildcard ? fmt::format("write `where: {{event|{}: {}}}` instead",
                                   wildcard->modifier, wildcard->rest)
                     : "without `event` every event counts");
    return;
  }
  if (name.starts_with(' ') || name.ends_with(' ')) {
    at.Warn(fmt::format("`{}` begins or ends with a blank", name),
            "names are compared exactly");
  }
  const std::size_t colon = name.find(':');
  if (FoldCase(name).starts_with("detection") && colon != name.npos &&
      !name.starts_with(kDetection)) {
    at.Warn(fmt::format("`{}` is the name of an event", name),
            fmt::format("what rules detect is written `{}{}`", kDetection,
                        name.substr(colon + 1)));
  }
  if (!in_list) WarnOfList("event", name, at);
}

void WarnOfModifier(const std::string& field, const Node& at) {
  at.Warn(fmt::format("`{}` is the name of a field here", field),
          fmt::format("modifiers stand in conditions only: write `{}`",
                      field.substr(0, field.find('|'))));
}

void AddName(const std::string& name, const Node& at, Reading* reading,
             Pattern* pattern) {
  if (name.empty() || name.size() > kLongestName) {
    at.Complain(fmt::format("an event's name has 1 to {} bytes", kLongestName));
    return;
  }
  if (name.starts_with(kDetection)) {
    reading->references.push_back(
        {name.substr(kDetection.size()), at, reading->detecting});
  }
  const SymbolId id = reading->symbols->names.Intern(name);
  reading->mentions.push_back(
      {Mention::What::kEvent, name, 0, {}, at.position()});
  auto& names = pattern->names;
  if (std::find(names.begin(), names.end(), id) == names.end()) {
    names.push_back(id);
  }
}

void ReadNames(const Node& node, std::string_view what, Reading* reading,
               Pattern* pattern) {
  const auto elements = node.AsListOrScalar(what);
  if (node.kind() == Node::Kind::kSequence && elements.empty()) {
    node.Complain(fmt::format("`{}` names no event", what));
  }
  for (const Node& element : elements) {
    if (element.kind() == Node::Kind::kMapping) {
      element.Complain(fmt::format("`{}` must be a list of names", what),
                       "several events with one condition are written "
                       "`{event: [a, b], where: {..}}`");
    } else if (const auto name = element.AsText(what)) {
      WarnOfSeveral(*name, element, node.kind() == Node::Kind::kSequence);
      AddName(*name, element, reading, pattern);
    }
  }
}

}  // namespace

void WarnOfList(std::string_view what, const std::string& name,
                const Node& at) {
  const auto names = NamesIn(name);
  if (names.empty()) return;
  at.Warn(fmt::format("`{}` is the name of one {}", name, what),
          fmt::format("write `[{}]`, or if it is one: `[\"{}\"]`",
                      fmt::join(names, ", "), name));
}

bool IsEventName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         !name.starts_with(kDetection);
}

Pattern ReadPattern(const Node& node, std::string_view what, Reading* reading) {
  Pattern pattern;
  if (node.kind() != Node::Kind::kMapping) {
    ReadNames(node, what, reading, &pattern);
    return pattern;
  }
  Mapping mapping = node.AsMapping(what);
  pattern = ReadPatternKeys(mapping, reading);
  mapping.RejectOtherKeys(fmt::format("in `{}` of {}", what, reading->rule));
  return pattern;
}

Pattern ReadPatternKeys(Mapping mapping, Reading* reading) {
  Pattern pattern;
  if (const Node event = mapping.Get("event")) {
    if (event.kind() == Node::Kind::kMapping) {
      event.Complain("`event` must be a name or a list of names",
                     "a condition is written `where: {..}` beside it");
    } else {
      ReadNames(event, "event", reading, &pattern);
    }
  }
  const ConditionContext context{reading->symbols, false, reading->steps,
                                 pattern.names, &reading->mentions};
  pattern.where = ReadCondition(mapping.MappingOf("where"), context);
  if (reading->detecting) pattern.where.CollectFields(&reading->fields);
  return pattern;
}

Pattern ReadDetection(const Node& node, Reading* reading) {
  Pattern pattern;
  if (const auto rule = node.AsText("detection")) {
    AddName(std::string(kDetection) + *rule, node, reading, &pattern);
  }
  return pattern;
}

std::vector<FieldRef> ReadFields(const Node& node, std::string_view what,
                                 Reading* reading) {
  std::vector<FieldRef> fields;
  const auto elements = node.AsListOrScalar(what);
  if (node.kind() == Node::Kind::kSequence && elements.empty()) {
    node.Complain(fmt::format("`{}` names no field", what));
  }
  const ConditionContext context{reading->symbols, false, {}};
  for (const Node& element : elements) {
    const auto text = element.AsText(what);
    if (!text) continue;
    if (text->find('|') != text->npos) {
      WarnOfModifier(*text, element);
    } else if (node.kind() == Node::Kind::kScalar) {
      WarnOfList("field", *text, element);
    }
    FieldRef field = ReadFieldRef(*text, element, context);
    if (field.root == FieldRef::Root::kProperty && field.symbol != 0) {
      reading->mentions.push_back(
          {Mention::What::kField, *text, field.symbol, {}, element.position()});
    }
    const bool twice =
        std::any_of(fields.begin(), fields.end(), [&](const FieldRef& other) {
          return other.root == field.root && other.symbol == field.symbol;
        });
    if (twice) {
      element.Complain(fmt::format("`{}` names `{}` twice", what, *text));
    }
    fields.push_back(std::move(field));
  }
  if (reading->detecting) {
    reading->fields.insert(reading->fields.end(), fields.begin(), fields.end());
  }
  return fields;
}

std::optional<Duration> ReadSpan(const Node& node, std::string_view what) {
  const auto span = node.AsDuration(what);
  if (!span) return std::nullopt;
  if (*span > Duration(0) && *span <= kLongestSpan) return span;
  node.Complain(*span <= Duration(0)
                    ? fmt::format("`{}` must be longer than 0", what)
                    : fmt::format("`{}` is longer than {}", what,
                                  FormatDuration(kLongestSpan)));
  return std::nullopt;
}

int ReadLeast(Mapping mapping, std::string_view key, int fallback) {
  return static_cast<int>(mapping.Int(key, 1, kMaxCount).value_or(fallback));
}

Bound ReadBound(Mapping mapping) {
  using Op = Bound::Op;
  std::optional<Bound> bound;
  for (const Op op : {Op::kGt, Op::kGte, Op::kLt, Op::kLte}) {
    const char* key = ToString(op);
    const Node node = mapping.Get(key);
    if (!mapping.Has(key)) continue;
    if (bound) {
      mapping.ComplainAtKey(key,
                            fmt::format("`{}` and `{}` exclude each other",
                                        ToString(bound->op), key),
                            "one rule has one bound");
    } else {
      bound = Bound{op, node.AsNumber(key).value_or(0)};
    }
  }
  if (!bound) mapping.Require("gte");
  return bound.value_or(Bound());
}

double ReadAboveZero(Mapping mapping, std::string_view key) {
  const Node node = mapping.Require(key);
  const auto number = node.AsNumber(key);
  if (number && *number <= 0) {
    node.Complain(fmt::format("`{}` must be above 0", key));
    return 0;
  }
  return number.value_or(0);
}

std::optional<FieldRef> ReadOneField(Mapping mapping, std::string_view key,
                                     Reading* reading) {
  const Node field = mapping.Require(key);
  if (field.kind() == Node::Kind::kSequence) {
    field.Complain(fmt::format("`{}` must be one field here", key));
    return std::nullopt;
  }
  const auto fields = ReadFields(field, key, reading);
  if (fields.empty()) return std::nullopt;
  return fields.front();
}

std::optional<Duration> ReadHold(Mapping mapping, Duration within) {
  const Node node = mapping.Get("for");
  const auto hold = ReadSpan(node, "for");
  if (hold && within > Duration(0) && *hold >= within) {
    node.Warn(
        "`for` is not shorter than `within`: when it fires, the events at "
        "which the bound began to hold have left the window, and it may fire "
        "on an empty one",
        "make `within` longer, or `for` shorter");
  }
  return hold;
}

void RefuseUnless(Mapping mapping, std::string why) {
  if (!mapping.Has("unless")) return;
  mapping.ComplainAtKey("unless", "`unless` is of no use in this kind",
                        std::move(why));
}

CountBound ReadCountBound(Mapping mapping) {
  CountBound bound;
  const auto gte = mapping.Int("gte", 1, kMaxCount);
  const auto lt = mapping.Int("lt", 1, kMaxCount);
  const bool above = mapping.Has("gt") && !mapping.Has("gte");
  if (above) {
    const auto more = mapping.Int("gt", 0, kMaxCount - 1);
    mapping.ComplainAtKey(
        "gt", "a count has `gte` or `lt`, not `gt`",
        more ? fmt::format("more than {0} is `gte: {1}`", *more, *more + 1)
             : "");
  }
  if (mapping.Has("gte") && mapping.Has("lt")) {
    mapping.ComplainAtKey("lt", "`gte` and `lt` exclude each other",
                          "one rule looks for many or for few");
  } else if (mapping.Has("lt")) {
    bound.op = CountBound::Op::kLt;
  } else if (!mapping.Has("gte") && !above) {
    mapping.Require("gte");
  }
  bound.count = static_cast<int>(lt.value_or(gte.value_or(0)));
  return bound;
}

}  // namespace premura
