// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  EventCountSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  spec.bound = ReadCountBound(mapping);
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Many matching events within a time (gte), or fewer than usual (lt).",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "gte": {"$ref": "#/$defs/count"},
    "lt": {"$ref": "#/$defs/count"},
    "within": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["within"],
  "oneOf": [{"required": ["gte"]}, {"required": ["lt"]}])";

}  // namespace

const Kind kEventCount = {"event_count", Read, kSchema};

}  // namespace premura
