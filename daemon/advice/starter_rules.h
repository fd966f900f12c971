// SPDX-License-Identifier: Apache-2.0
// A rules file to begin with, made of what was seen in events.

#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "signals/event_survey.h"

namespace premura {

// How many customers each rule (by id) of a rules file finds in the events that
// were surveyed.
using StarterTrial =
    std::function<std::map<std::string, std::size_t>(const std::string& rules)>;

// A file of one or two rules in simulation, which passes `premura check`:
// failures that repeat, something begun and not finished; where there is
// neither, the commonest event. Empty if there are none. How many events in
// how long is too many is tried out, so that the rule finds somebody, and not
// everybody; with an empty `trial` it is what one customer has at most. A rule
// that finds nobody when tried is left out.
std::string StarterRules(const Survey& survey, const StarterTrial& trial);

}  // namespace premura
