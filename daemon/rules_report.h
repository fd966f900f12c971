// SPDX-License-Identifier: Apache-2.0
// What `premura rules` shows: each rule, and what became of its detections.

#pragma once

#include <map>
#include <string>

#include "notifiers/rule_counts.h"
#include "rules/rule_set.h"

namespace premura {

using CountsByRule = std::map<std::string, RuleCounts>;

// A table, in order of the ids, of the rules that have the tag; "": of all.
std::string RulesText(const RuleSet& rules, const std::string& tag,
                      const CountsByRule& counts);
// The same as a JSON array of objects, with a line end.
std::string RulesJson(const RuleSet& rules, const std::string& tag,
                      const CountsByRule& counts);

}  // namespace premura
