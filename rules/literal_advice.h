// SPDX-License-Identifier: Apache-2.0
// Texts in conditions that look as if something else were meant: a comparison,
// a wildcard, `yes`, a look back.

#pragma once

#include <string>
#include <vector>

#include "rules/condition_node.h"
#include "rules/document.h"

namespace premura {

// Warns at `at`, one of the values at `key`, of what `predicate` makes of it;
// `steps` have names so far.
void WarnOfLiteral(const std::string& key, const Node& at,
                   const Predicate& predicate, const Literal& literal,
                   const std::vector<std::string>& steps);

}  // namespace premura
