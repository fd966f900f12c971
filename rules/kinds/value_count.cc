// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  ValueCountSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  spec.fields = ReadFields(mapping.Require("field"), "field", reading);
  spec.bound = ReadCountBound(mapping);
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Many different values of a field within a time, or few.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "field": {"$ref": "#/$defs/fields"},
    "gte": {"$ref": "#/$defs/count"},
    "lt": {"$ref": "#/$defs/count"},
    "within": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["field", "within"],
  "oneOf": [{"required": ["gte"]}, {"required": ["lt"]}])";

}  // namespace

const Kind kValueCount = {"value_count", Read, kSchema};

}  // namespace premura
