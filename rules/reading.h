// SPDX-License-Identifier: Apache-2.0
// Reading: what is gathered while one rule is read, and the pieces of reading
// that all kinds share.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/document.h"
#include "rules/mention.h"
#include "rules/rule.h"
#include "rules/symbols.h"

namespace premura {

// A pattern names the detections of another rule.
struct Reference {
  std::string rule;
  Node at;
  bool detects = false;  // Inside `detect`: the other rule feeds this one.
};

struct Reading {
  Symbols* symbols = nullptr;
  std::string rule;                // In messages: "rule `export-stuck`".
  bool detecting = false;          // Inside `detect`.
  std::vector<std::string> steps;  // Named by `as` so far.
  std::vector<Reference> references;
  std::vector<FieldRef> fields;  // That `detect` looks at, as written.
  Mentions mentions;
};

// Whether a rule can name events so and mean them: nobody's detections.
bool IsEventName(std::string_view name);

// A name, a list of names, or `{event: .., where: {..}}`.
Pattern ReadPattern(const Node& node, std::string_view what, Reading* reading);

// `event` and `where` as they stand in a mapping with other keys.
Pattern ReadPatternKeys(Mapping mapping, Reading* reading);

// The detections of the rule that `node` names.
Pattern ReadDetection(const Node& node, Reading* reading);

// Warns of what looks like several names and is written as one text; `what` is
// a name of them, as `field`.
void WarnOfList(std::string_view what, const std::string& name, const Node& at);

// A field or a list of fields; `what` is its key.
std::vector<FieldRef> ReadFields(const Node& node, std::string_view what,
                                 Reading* reading);

// Above zero, at most ten years. A mistake is recorded; then nullopt.
std::optional<Duration> ReadSpan(const Node& node, std::string_view what);

// How many events it takes, if `key` says it; else `fallback`.
int ReadLeast(Mapping mapping, std::string_view key, int fallback);

// One of `gt gte lt lte`, a number.
Bound ReadBound(Mapping mapping);

// `key`, a number above zero; 0 if there is a mistake, which is recorded.
double ReadAboveZero(Mapping mapping, std::string_view key);

// `key`, one field; nullopt if there is a mistake, which is recorded.
std::optional<FieldRef> ReadOneField(Mapping mapping, std::string_view key,
                                     Reading* reading);

// `for` of a bound over `within`. As long as the window or longer, what made it
// hold is forgotten when it fires: a warning.
std::optional<Duration> ReadHold(Mapping mapping, Duration within);

// In kinds where `unless` is a mistake; `why` says why.
void RefuseUnless(Mapping mapping, std::string why);

// `gte: n` or `lt: n`.
CountBound ReadCountBound(Mapping mapping);

}  // namespace premura
