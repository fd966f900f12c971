// SPDX-License-Identifier: Apache-2.0
// From a rules file to rules. Each part records its mistakes in the document
// and goes on, so that one reading finds them all; a Rule read with mistakes
// is never used.

#pragma once

#include <vector>

#include "rules/document.h"
#include "rules/reading.h"
#include "rules/rule.h"

namespace premura {

// A rule, and what only all rules together can answer.
struct ReadRule {
  Rule rule;
  Node at;               // Its id, or where that should be.
  SourcePosition begin;  // Of its first key.
  std::vector<Reference> references;
};

// `version:` and `rules:`.
std::vector<ReadRule> ReadRulesFile(const Document& document, Symbols* symbols);

// `detect:` and what stands in it.
Detect ReadDetect(Mapping mapping, Reading* reading);

// `actions:`.
std::vector<Action> ReadActions(const Node& list, Reading* reading);

}  // namespace premura
