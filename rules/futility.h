// SPDX-License-Identifier: Apache-2.0
// What is right line by line and yet in vain: a rule that can never fire, a
// `cancel_on` that takes back whatever the rule would send.

#pragma once

#include "rules/document.h"
#include "rules/rule.h"

namespace premura {

// Warns at the parts of `rule`, which `mapping` was read into.
void WarnOfFutility(Mapping mapping, const Rule& rule);

}  // namespace premura
