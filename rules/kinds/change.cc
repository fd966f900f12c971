// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

// What the previous value must have been, or the new one must be.
Condition ReadValue(Mapping mapping, const char* key, const ChangeSpec& spec,
                    Reading* reading) {
  if (!mapping.Get(key) || spec.fields.empty()) return {};
  if (spec.fields.size() > 1) {
    mapping.ComplainAtKey(
        key, "`" + std::string(key) + "` goes with one field, not with a list");
    return {};
  }
  return ReadEquals(
      spec.fields[0], mapping, key,
      {reading->symbols, false, {}, spec.event.names, &reading->mentions});
}

KindSpec Read(Mapping mapping, Reading* reading) {
  ChangeSpec spec;
  spec.event = ReadPatternKeys(mapping, reading);
  spec.fields = ReadFields(mapping.Require("field"), "field", reading);
  spec.from = ReadValue(mapping, "from", spec, reading);
  spec.to = ReadValue(mapping, "to", spec, reading);
  spec.within = ReadSpan(mapping.Get("within"), "within");
  RefuseUnless(mapping, "the last value stays whatever happens");
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "A field whose value differs from the previous one.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "field": {"$ref": "#/$defs/fields"},
    "from": {"$ref": "#/$defs/values"},
    "to": {"$ref": "#/$defs/values"},
    "within": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"}
  },
  "required": ["field"],
  "not": {
    "anyOf": [{"required": ["from"]}, {"required": ["to"]}],
    "properties": {"field": {"type": "array", "minItems": 2}}
  })";

}  // namespace

const Kind kChange = {"change", Read, kSchema};

}  // namespace premura
