// SPDX-License-Identifier: Apache-2.0
// A rules file to begin with, made of what was seen in events.

#pragma once

#include <string>

#include "signals/event_survey.h"

namespace premura {

// A file of one or two rules in simulation, which passes `premura check`:
// failures that repeat, something begun and not finished; where there is
// neither, the commonest event. Empty if there are no events.
std::string StarterRules(const Survey& survey);

}  // namespace premura
