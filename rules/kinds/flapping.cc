// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

constexpr int kMaxFlips = 10'000;

// The states are the values of a field ...
void ReadField(Mapping mapping, Reading* reading, FlappingSpec* spec) {
  spec->event = ReadPatternKeys(mapping, reading);
  spec->field = ReadOneField(mapping, "field", reading);
}

// ... or on and off, told by events.
void ReadEvents(Mapping mapping, Reading* reading, FlappingSpec* spec) {
  for (const char* key : {"field", "event", "where"}) {
    if (!mapping.Has(key)) continue;
    mapping.Get(key);
    mapping.ComplainAtKey(
        key, "`" + std::string(key) + "` and `turned_on` exclude each other",
        "either a field tells the state or events do");
  }
  spec->turned_on =
      ReadPattern(mapping.Require("turned_on"), "turned_on", reading);
  spec->turned_off =
      ReadPattern(mapping.Require("turned_off"), "turned_off", reading);
}

KindSpec Read(Mapping mapping, Reading* reading) {
  FlappingSpec spec;
  if (mapping.Has("turned_on") || mapping.Has("turned_off")) {
    ReadEvents(mapping, reading, &spec);
  } else {
    ReadField(mapping, reading, &spec);
  }
  spec.flips =
      static_cast<int>(mapping.RequireInt("gte", 1, kMaxFlips).value_or(0));
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "A state that changes back and forth: a field, or events that turn it on and off.",
  "properties": {
    "event": {"$ref": "#/$defs/names"},
    "where": {"$ref": "#/$defs/condition"},
    "field": {"$ref": "#/$defs/text"},
    "turned_on": {"$ref": "#/$defs/pattern"},
    "turned_off": {"$ref": "#/$defs/pattern"},
    "gte": {"$ref": "#/$defs/count"},
    "within": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["gte", "within"],
  "oneOf": [
    {"required": ["field"],
     "properties": {"turned_on": false, "turned_off": false}},
    {"required": ["turned_on", "turned_off"],
     "properties": {"field": false, "event": false, "where": false}}
  ])";

}  // namespace

const Kind kFlapping = {"flapping", Read, kSchema};

}  // namespace premura
