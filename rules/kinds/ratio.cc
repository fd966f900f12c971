// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

// A share that no window has, or that every window has.
void CheckShare(Mapping mapping, const Bound& bound) {
  using Op = Bound::Op;
  const char* key = ToString(bound.op);
  if (!mapping.Has(key)) return;
  const double limit = bound.limit;
  if (limit < 0 || limit > 1) {
    mapping.Get(key).Complain(
        "`" + std::string(key) + "` is a share, between 0 and 1",
        "a tenth is 0.1");
  } else if ((bound.op == Op::kGt && limit == 1) ||
             (bound.op == Op::kLt && limit == 0)) {
    mapping.Get(key).Complain("no share lies beyond this bound");
  } else if ((bound.op == Op::kGte && limit == 0) ||
             (bound.op == Op::kLte && limit == 1)) {
    mapping.Get(key).Warn("every share holds this bound");
  }
}

KindSpec Read(Mapping mapping, Reading* reading) {
  RatioSpec spec;
  spec.of = ReadPattern(mapping.Require("of"), "of", reading);
  spec.over = ReadPattern(mapping.Require("over"), "over", reading);
  spec.bound = ReadBound(mapping);
  CheckShare(mapping, spec.bound);
  spec.within =
      ReadSpan(mapping.Require("within"), "within").value_or(Duration(0));
  spec.min_denominator = ReadLeast(mapping, "min_denominator", 1);
  spec.hold = ReadHold(mapping, spec.within);
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "The share of some events among others.",
  "properties": {
    "of": {"$ref": "#/$defs/pattern"},
    "over": {"$ref": "#/$defs/pattern"},
    "gt": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    "gte": {"type": "number", "minimum": 0, "maximum": 1},
    "lt": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "lte": {"type": "number", "minimum": 0, "maximum": 1},
    "within": {"$ref": "#/$defs/span"},
    "min_denominator": {"$ref": "#/$defs/count"},
    "for": {"$ref": "#/$defs/span"},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["of", "over", "within"],
  "oneOf": [{"required": ["gt"]}, {"required": ["gte"]},
            {"required": ["lt"]}, {"required": ["lte"]}])";

}  // namespace

const Kind kRatio = {"ratio", Read, kSchema};

}  // namespace premura
