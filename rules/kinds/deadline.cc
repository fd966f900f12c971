// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "rules/kinds/kind.h"

namespace premura {
namespace {

void ReadDate(Mapping mapping, Reading* reading, DeadlineSpec* spec) {
  const Node node = mapping.Require("field");
  if (node.kind() == Node::Kind::kSequence) {
    node.Complain("`field` must be one field here");
    return;
  }
  const auto text = node.AsText("field");
  if (!text) return;
  if (ParseDate(*text) || ParseInstant(*text)) {
    node.Warn(fmt::format("`{}` is a date, and `field` names where one stands",
                          *text),
              "a path in the customer's profile, as `dates.renewal`");
  }
  const FieldRef field =
      ReadFieldRef(*text, node, {reading->symbols, true, {}});
  if (field.symbol == 0) return;
  spec->field = reading->symbols->profile.Text(field.symbol);
}

void ReadDistance(Mapping mapping, DeadlineSpec* spec) {
  spec->before = mapping.Has("before");
  const bool after = mapping.Has("after");
  if (spec->before && after) {
    mapping.Get("after");
    mapping.ComplainAtKey("after", "`before` and `after` exclude each other",
                          "write another rule for the other");
  }
  const char* key = spec->before || !after ? "before" : "after";
  spec->distance = ReadSpan(mapping.Require(key), key).value_or(Duration(0));
}

KindSpec Read(Mapping mapping, Reading* reading) {
  DeadlineSpec spec;
  ReadDate(mapping, reading, &spec);
  ReadDistance(mapping, &spec);
  if (mapping.Has("group_by")) {
    mapping.ComplainAtKey("group_by", "`group_by` is of no use in this kind",
                          "a date of the profile is the customer's");
  }
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "So long before or after a date in the profile.",
  "properties": {
    "field": {"$ref": "#/$defs/text", "minLength": 1},
    "before": {"$ref": "#/$defs/span"},
    "after": {"$ref": "#/$defs/span"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["field"],
  "oneOf": [{"required": ["before"]}, {"required": ["after"]}])";

}  // namespace

const Kind kDeadline = {"deadline", Read, kSchema};

}  // namespace premura
