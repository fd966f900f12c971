// SPDX-License-Identifier: Apache-2.0
// Where templates lie if no configuration says it.

#pragma once

#include <string>
#include <vector>

namespace premura {

// The folders `templates` beside files of rules.
std::vector<std::string> SiblingTemplates(
    const std::vector<std::string>& files);

}  // namespace premura
