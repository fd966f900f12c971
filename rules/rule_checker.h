// SPDX-License-Identifier: Apache-2.0
// What only all rules together show: ids given twice, detections of rules
// that are not there, cycles.

#pragma once

#include <vector>

#include "rules/rule_reader.h"

namespace premura {

// Mistakes are recorded in the documents that the rules were read from.
void CheckRules(const std::vector<ReadRule>& rules);

}  // namespace premura
