// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  TemporalSpec spec;
  const Node list = mapping.Require("all");
  const auto items = list.AsList("all");
  if (list.kind() == Node::Kind::kSequence &&
      (items.size() < 2 || items.size() > TemporalSpec::kMaxItems)) {
    list.Complain("`all` lists 2 to 16 events");
  } else {
    for (const Node& item : items) {
      spec.all.push_back(ReadPattern(item, "all", reading));
    }
  }
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "All of several events within a time, in any order.",
  "properties": {
    "all": {"type": "array", "minItems": 2, "maxItems": 16,
            "items": {"$ref": "#/$defs/pattern"}},
    "within": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["all", "within"])";

}  // namespace

const Kind kTemporal = {"temporal", Read, kSchema};

}  // namespace premura
