// SPDX-License-Identifier: Apache-2.0
// The rule language as a JSON Schema, for editors. It says what a schema can:
// keys, types, choices and forms; what only the reader sees (names that exist,
// order of steps) is left to it. tests/rules/ holds both to one corpus.

#include <fmt/format.h>

#include "rules/kinds/kind.h"
#include "rules/rule_set.h"

namespace premura {
namespace {

constexpr const char* kRule = R"JSON({
  "type": "object",
  "additionalProperties": false,
  "required": ["id", "title", "detect"],
  "properties": {
    "id": {"$ref": "#/$defs/id",
      "description": "Unique: small letters, digits and -."},
    "title": {"$ref": "#/$defs/text", "minLength": 1,
      "description": "What is noticed, in a few words."},
    "description": {"$ref": "#/$defs/text",
      "description": "Why it matters and when not to use it."},
    "status": {"enum": ["live", "simulation", "disabled"],
      "description": "simulation decides and records, and sends nothing."},
    "level": {"enum": ["informational", "low", "medium", "high", "critical"]},
    "phase": {"enum": ["plan", "explore", "choose", "buy", "set_up", "use",
                       "maintain", "renew"],
      "description": "The lifecycle phase this rule belongs to."},
    "owner": {"$ref": "#/$defs/text",
      "description": "Who answers for the rule."},
    "tags": {"$ref": "#/$defs/texts"},
    "priority": {"type": "integer", "minimum": 0, "maximum": 100,
      "description": "Who wins when a cap leaves one slot."},
    "only_for": {"$ref": "#/$defs/condition",
      "description": "Conditions on the customer's profile."},
    "detect": {"$ref": "#/$defs/detect",
      "description": "The pattern: exactly one kind."},
    "late": {"enum": ["ignore"],
      "description": "Pass over late events everywhere in this rule."},
    "cancel_on": {
      "description": "Seen before sending: nothing to do any more.",
      "anyOf": [
        {"$ref": "#/$defs/pattern"},
        {"type": "array", "minItems": 1,
         "items": {"$ref": "#/$defs/pattern"}}]},
    "cooldown": {"$ref": "#/$defs/span",
      "description": "Per rule and customer."},
    "expires_after": {"$ref": "#/$defs/span",
      "description": "Not worth sending later than this."},
    "cause": {"$ref": "#/$defs/names",
      "description": "Fields that a storm has in common."},
    "article": {"$ref": "#/$defs/text",
      "description": "The help article to offer."},
    "actions": {"type": "array", "items": {"$ref": "#/$defs/action"}},
    "success": {
      "type": "object",
      "additionalProperties": false,
      "required": ["within"],
      "properties": {
        "event": {"$ref": "#/$defs/names"},
        "where": {"$ref": "#/$defs/condition"},
        "within": {"$ref": "#/$defs/span"}},
      "description": "What shows that the customer is helped."},
    "holdout": {"type": "string",
      "pattern": "^(100|[1-9]?[0-9](\\.[0-9]+)?)%$",
      "description": "Share of customers left alone, to compare with."},
    "frequency_cap": {
      "type": "object",
      "additionalProperties": false,
      "patternProperties": {
        "^(email|sms|ticket|any)$": {"$ref": "#/$defs/cap"}}},
    "quiet_hours": {
      "type": "object",
      "additionalProperties": false,
      "patternProperties": {
        "^(email|sms|ticket)$": {"$ref": "#/$defs/hours"}}}
  }
})JSON";

constexpr const char* kAction = R"JSON({
  "type": "object",
  "additionalProperties": false,
  "minProperties": 1,
  "not": {"minProperties": 2},
  "properties": {
    "ticket": {
      "type": "object",
      "additionalProperties": false,
      "required": ["template"],
      "properties": {
        "template": {"$ref": "#/$defs/text", "minLength": 1},
        "delay": {"$ref": "#/$defs/delay"},
        "category": {"enum": ["service", "marketing"]},
        "only_if": {"$ref": "#/$defs/condition"},
        "desk": {"$ref": "#/$defs/text"},
        "queue": {"$ref": "#/$defs/text"},
        "priority": {"enum": ["low", "normal", "high", "urgent"]}}},
    "email": {"$ref": "#/$defs/message"},
    "sms": {"$ref": "#/$defs/message"}
  }
})JSON";

constexpr const char* kMessage = R"JSON({
  "type": "object",
  "additionalProperties": false,
  "required": ["template"],
  "properties": {
    "template": {"$ref": "#/$defs/text", "minLength": 1},
    "delay": {"$ref": "#/$defs/delay"},
    "category": {"enum": ["service", "marketing"]},
    "only_if": {"$ref": "#/$defs/condition"}
  }
})JSON";

constexpr const char* kCondition = R"JSON({
  "type": "object",
  "propertyNames": {"pattern":
    "^[^|]+(\\|(contains|startswith|endswith|re|gt|gte|lt|lte|neq|exists|cased|all))*$"},
  "properties": {
    "any_of": {"type": "array", "minItems": 1,
               "items": {"$ref": "#/$defs/nested"}},
    "not": {"$ref": "#/$defs/nested"}
  },
  "patternProperties": {
    "\\|exists$": {"type": "boolean"},
    "\\|(gt|gte|lt|lte)$": {"anyOf": [
      {"$ref": "#/$defs/number"},
      {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/number"}}]}
  },
  "additionalProperties": {"anyOf": [
    {"$ref": "#/$defs/text"},
    {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}}]}
})JSON";

constexpr const char* kStep = R"JSON({
  "anyOf": [
    {"$ref": "#/$defs/names"},
    {"type": "object",
     "additionalProperties": false,
     "required": ["not"],
     "properties": {
       "not": {"$ref": "#/$defs/pattern"},
       "for": {"$ref": "#/$defs/span"}}},
    {"type": "object",
     "additionalProperties": false,
     "properties": {
       "event": {"$ref": "#/$defs/names"},
       "where": {"$ref": "#/$defs/condition"},
       "times": {"type": "integer", "minimum": 1, "maximum": 1000},
       "optional": {"type": "boolean"},
       "next": {"type": "boolean"},
       "as": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
       "not": {"$ref": "#/$defs/pattern"}},
     "not": {"required": ["as"], "anyOf": [
       {"properties": {"times": {"minimum": 2}}, "required": ["times"]},
       {"properties": {"optional": {"const": true}},
        "required": ["optional"]}]}}
  ]
})JSON";

// The small ones.
constexpr const char* kForms = R"JSON(
    "text": {"type": ["string", "number", "boolean"]},
    "texts": {"anyOf": [
      {"$ref": "#/$defs/text"},
      {"type": "array", "items": {"$ref": "#/$defs/text"}}]},
    "id": {"type": ["string", "number", "boolean"],
           "pattern": "^[a-z0-9-]{1,64}$"},
    "names": {"anyOf": [
      {"$ref": "#/$defs/text", "minLength": 1},
      {"type": "array", "minItems": 1,
       "items": {"$ref": "#/$defs/text", "minLength": 1}}]},
    "fields": {"$ref": "#/$defs/names"},
    "values": {"anyOf": [
      {"$ref": "#/$defs/text"},
      {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/text"}}]},
    "count": {"type": "integer", "minimum": 1, "maximum": 10000},
    "span": {"type": "string", "pattern": "^0*[1-9][0-9]*(ms|s|m|h|d|w)$"},
    "delay": {"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|w)$"},
    "cap": {"type": "string",
            "pattern": "^ *0*[1-9][0-9]* */ *0*[1-9][0-9]*(ms|s|m|h|d|w) *$"},
    "hours": {"type": "string", "pattern":
      "^ *none *$|^ *(sun|mon|tue|wed|thu|fri|sat|[0-2][0-9]:[0-5][0-9] *- *[0-2][0-9]:[0-5][0-9])( *, *(sun|mon|tue|wed|thu|fri|sat|[0-2][0-9]:[0-5][0-9] *- *[0-2][0-9]:[0-5][0-9]))* *$"},
    "number": {"anyOf": [
      {"type": "number"},
      {"type": "string", "pattern":
        "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?$|^\\$[A-Za-z_][A-Za-z0-9_]*\\..+$"}]},
    "nested": {"allOf": [{"$ref": "#/$defs/condition"}, {"minProperties": 1}]},
    "pattern": {"anyOf": [
      {"$ref": "#/$defs/names"},
      {"type": "object",
       "additionalProperties": false,
       "properties": {
         "event": {"$ref": "#/$defs/names"},
         "where": {"$ref": "#/$defs/condition"}}}]})JSON";

// Exactly one is `not: {minProperties: 2}` here and above: where they see
// `maxProperties`, editors complete nothing below an empty key.
std::string DetectSchema() {
  std::string kinds;
  for (const Kind* kind : Kinds()) {
    if (!kinds.empty()) kinds += ",\n";
    kinds += fmt::format(
        "\"{}\": {{\"type\": \"object\", \"additionalProperties\": false,{}}}",
        kind->name, kind->schema);
  }
  return fmt::format(
      "{{\"type\": \"object\", \"additionalProperties\": false, "
      "\"minProperties\": 1, \"not\": {{\"minProperties\": 2}}, "
      "\"properties\": {{\n{}}}}}",
      kinds);
}

}  // namespace

std::string RuleSchema() {
  return fmt::format(R"JSON({{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "premura rules",
  "type": "object",
  "additionalProperties": false,
  "required": ["version", "rules"],
  "properties": {{
    "version": {{"const": 1}},
    "rules": {{"type": "array", "items": {{"$ref": "#/$defs/rule"}}}}
  }},
  "$defs": {{
    "rule": {},
    "detect": {},
    "step": {},
    "condition": {},
    "action": {},
    "message": {},{}
  }}
}}
)JSON",
                     kRule, DetectSchema(), kStep, kCondition, kAction,
                     kMessage, kForms);
}

}  // namespace premura
