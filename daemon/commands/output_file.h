// SPDX-License-Identifier: Apache-2.0
// Files that a command writes are none of those that it reads.

#pragma once

#include <span>
#include <string>

#include "rules/result.h"

namespace premura {

// Fails if `out`, which `option` names, is one of `files` or a rule file that
// `patterns` name. Empty names are none.
Status CheckOutput(const char* option, const std::string& out,
                   std::span<const std::string> files,
                   std::span<const std::string> patterns);

}  // namespace premura
