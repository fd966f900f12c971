// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  SpikeSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  spec.reference =
      ReadSpan(mapping.Require("reference"), "reference").value_or(Duration(0));
  const auto direction = mapping.Require("direction")
                             .AsChoice("direction", {"up", "down", "both"});
  spec.up = direction != 1U;
  spec.down = direction != 0U;
  const Node factor = mapping.Require("factor");
  const auto number = factor.AsNumber("factor");
  if (number && *number < 1) {
    factor.Complain("`factor` must be at least 1",
                    "how many times more (or fewer) than usual");
  }
  spec.factor = number.value_or(1);
  spec.min_reference = ReadLeast(mapping, "min_reference", 1);
  if (direction && spec.up) mapping.Require("min_current");
  spec.min_current = ReadLeast(mapping, "min_current", 1);
  spec.hold = ReadHold(mapping, spec.within);
  if (spec.hold && direction == 2U) {
    mapping.ComplainAtKey("for", "`for` says nothing with both directions",
                          "write a rule for each");
  }
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Far more events than in the time before, or far fewer.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "within": {"$ref": "#/$defs/span"},
    "reference": {"$ref": "#/$defs/span"},
    "direction": {"enum": ["up", "down", "both"]},
    "factor": {"type": "number", "minimum": 1},
    "min_reference": {"$ref": "#/$defs/count"},
    "min_current": {"$ref": "#/$defs/count"},
    "for": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["within", "reference", "direction", "factor"],
  "anyOf": [
    {"required": ["min_current"]},
    {"properties": {"direction": {"const": "down"}}}],
  "not": {
    "required": ["for"],
    "properties": {"direction": {"const": "both"}}
  })";

}  // namespace

const Kind kSpike = {"spike", Read, kSchema};

}  // namespace premura
