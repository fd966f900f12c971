// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  AggregateSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  if (auto field = ReadOneField(mapping, "field", reading)) {
    spec.field = *std::move(field);
  }
  const auto fn = mapping.Require("fn").AsChoice(
      "fn", {"sum", "avg", "min", "max", "p50", "p95", "p99"});
  spec.fn = static_cast<AggregateSpec::Fn>(fn.value_or(0));
  spec.bound = ReadBound(mapping);
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  spec.min_events = ReadLeast(mapping, "min_events", 1);
  spec.hold = ReadHold(mapping, spec.within);
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Sum, average, least, most or percentile of a number.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "field": {"$ref": "#/$defs/text", "minLength": 1},
    "fn": {"enum": ["sum", "avg", "min", "max", "p50", "p95", "p99"]},
    "gt": {"type": "number"},
    "gte": {"type": "number"},
    "lt": {"type": "number"},
    "lte": {"type": "number"},
    "within": {"$ref": "#/$defs/span"},
    "min_events": {"$ref": "#/$defs/count"},
    "for": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["field", "fn", "within"],
  "oneOf": [{"required": ["gt"]}, {"required": ["gte"]},
            {"required": ["lt"]}, {"required": ["lte"]}])";

}  // namespace

const Kind kAggregate = {"aggregate", Read, kSchema};

}  // namespace premura
