// SPDX-License-Identifier: Apache-2.0
// One rule by itself, to be looked at without the others.

#pragma once

#include <memory>
#include <string>

#include "rules/rule_set.h"

namespace premura {

// The rule as it is, but live; and in place of each other one, a rule of its id
// (and no group) that fires at every event named StandInName(id).
// REQUIRES: the rule is one of `all`.
std::shared_ptr<const RuleSet> Isolated(const RuleSet& all, const Rule& rule);

// "stand-in:billing-page-loop"
std::string StandInName(const std::string& id);

}  // namespace premura
