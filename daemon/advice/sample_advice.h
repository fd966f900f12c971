// SPDX-License-Identifier: Apache-2.0
// Rules beside a sample of the events that are really sent: names, fields and
// values that rules speak of and nobody has seen. Warnings.

#pragma once

#include "rules/diagnostic.h"
#include "rules/rule_set.h"
#include "signals/event_survey.h"

namespace premura {

// What the survey had no room for is not spoken of.
void WarnOfUnseen(const RuleSet& rules, const Survey& survey,
                  Diagnostics* diagnostics);

}  // namespace premura
