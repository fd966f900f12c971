// SPDX-License-Identifier: Apache-2.0
#include "rules/kinds/kind.h"

namespace premura {
namespace {

constexpr std::size_t kMaxSignals = 64;

// `{event: .., where: .., weight: 2}` or `{detection: a-rule, weight: 2}`.
ScoreSpec::Signal ReadSignal(const Node& node, Reading* reading) {
  ScoreSpec::Signal signal;
  Mapping mapping = node.AsMapping("signals");
  if (!mapping) return signal;
  if (const Node detection = mapping.Get("detection")) {
    signal.event = ReadDetection(detection, reading);
    if (mapping.Has("event")) {
      mapping.Get("event");
      mapping.ComplainAtKey("event",
                            "`event` and `detection` exclude each other",
                            "write two signals");
    }
    const ConditionContext context{reading->symbols, false, {}};
    signal.event.where = ReadCondition(mapping.MappingOf("where"), context);
    signal.event.where.CollectFields(&reading->fields);
  } else {
    signal.event = ReadPatternKeys(mapping, reading);
  }
  signal.weight = ReadAboveZero(mapping, "weight");
  mapping.RejectOtherKeys("in a signal of " + reading->rule);
  return signal;
}

KindSpec Read(Mapping mapping, Reading* reading) {
  ScoreSpec spec;
  const Node list = mapping.Require("signals");
  const auto signals = list.AsList("signals");
  if (list.kind() == Node::Kind::kSequence &&
      (signals.empty() || signals.size() > kMaxSignals)) {
    list.Complain("`signals` lists 1 to 64 signals");
  } else {
    for (const Node& signal : signals) {
      spec.signals.push_back(ReadSignal(signal, reading));
    }
  }
  spec.half_life =
      ReadSpan(mapping.Require("half_life"), "half_life").value_or(Duration(1));
  spec.gte = ReadAboveZero(mapping, "gte");
  spec.reset_below = ReadAboveZero(mapping, "reset_below");
  if (spec.reset_below > spec.gte && spec.gte > 0) {
    mapping.Get("reset_below").Complain("`reset_below` must be at most `gte`");
  }
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Weights of several signals that add up and fade.",
  "properties": {
    "signals": {
      "type": "array", "minItems": 1, "maxItems": 64,
      "items": {
        "type": "object",
        "additionalProperties": false,
        "required": ["weight"],
        "properties": {
          "event": {"$ref": "#/$defs/names"},
          "detection": {"$ref": "#/$defs/text", "minLength": 1},
          "where": {"$ref": "#/$defs/condition"},
          "weight": {"type": "number", "exclusiveMinimum": 0}},
        "not": {"required": ["event", "detection"]}}
    },
    "half_life": {"$ref": "#/$defs/span"},
    "gte": {"type": "number", "exclusiveMinimum": 0},
    "reset_below": {"type": "number", "exclusiveMinimum": 0},
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["signals", "half_life", "gte", "reset_below"])";

}  // namespace

const Kind kScore = {"score", Read, kSchema};

}  // namespace premura
