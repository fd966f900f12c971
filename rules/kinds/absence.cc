// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

KindSpec Read(Mapping mapping, Reading* reading) {
  AbsenceSpec spec;
  spec.after = ReadPattern(mapping.Require("after"), "after", reading);
  spec.without = ReadPattern(mapping.Require("without"), "without", reading);
  spec.wait = ReadSpan(mapping.Require("for"), "for").value_or(Duration(0));
  spec.restart = mapping.Bool("restart").value_or(false);
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Something begun that is not followed by what should follow.",
  "properties": {
    "after": {"$ref": "#/$defs/pattern"},
    "without": {"$ref": "#/$defs/pattern"},
    "for": {"$ref": "#/$defs/span"},
    "restart": {"type": "boolean"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["after", "without", "for"])";

}  // namespace

const Kind kAbsence = {"absence", Read, kSchema};

}  // namespace premura
