// SPDX-License-Identifier: Apache-2.0
// Texts in conditions that look as if something else were meant: a comparison,
// a wildcard, `yes`.

#pragma once

#include <string>

#include "rules/condition_node.h"
#include "rules/document.h"

namespace premura {

// Warns at `at`, one of the values at `key`, of what `predicate` makes of it.
void WarnOfLiteral(const std::string& key, const Node& at,
                   const Predicate& predicate, const Literal& literal);

}  // namespace premura
