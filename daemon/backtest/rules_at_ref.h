// SPDX-License-Identifier: Apache-2.0
// The rule files of a git work tree as they were at a ref: a branch, a tag, a
// commit. The work tree itself is not touched.

#pragma once

#include <span>
#include <string>

#include "rules/result.h"
#include "rules/rule_set.h"

namespace premura {

// `patterns` as for LoadRulePaths(), somewhere in a work tree; they mean what
// they would mean had `ref` been checked out. Diagnostics name files as
// "ref:path" and have their source lines. Fails if there is no git, no work
// tree or no such ref.
Result<LoadedRules> LoadRulesAtRef(const std::string& ref,
                                   std::span<const std::string> patterns);

}  // namespace premura
