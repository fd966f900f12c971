// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

constexpr Duration kRemember = std::chrono::hours(24 * 90);

KindSpec Read(Mapping mapping, Reading* reading) {
  NewTermSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  if (auto field = ReadOneField(mapping, "field", reading)) {
    spec.field = *std::move(field);
  }
  spec.learn =
      ReadSpan(mapping.Require("learn"), "learn").value_or(Duration(0));
  spec.remember =
      ReadSpan(mapping.Get("remember"), "remember").value_or(kRemember);
  RefuseUnless(mapping, "the known values stay whatever happens");
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "A value that this customer has not had before.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "field": {"$ref": "#/$defs/text", "minLength": 1},
    "learn": {"$ref": "#/$defs/span"},
    "remember": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"}
  },
  "required": ["field", "learn"])";

}  // namespace

const Kind kNewTerm = {"new_term", Read, kSchema};

}  // namespace premura
