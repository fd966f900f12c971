// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  SilenceSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  spec.wait = ReadSpan(mapping.Require("for"), "for").value_or(Duration(0));
  spec.min_events = ReadLeast(mapping, "min_events", 1);
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "No event for a time, from a customer who had some.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "for": {"$ref": "#/$defs/span"},
    "min_events": {"$ref": "#/$defs/count"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["for"])";

}  // namespace

const Kind kSilence = {"silence", Read, kSchema};

}  // namespace premura
