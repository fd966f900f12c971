// SPDX-License-Identifier: Apache-2.0
// What `premura infer` shows of a Survey.

#pragma once

#include <string>

#include "signals/event_survey.h"

namespace premura {

// `starter`: the rules to begin with (starter_rules.h).
std::string SurveyText(const Survey& survey, const std::string& starter);
// One JSON object, with a line end.
std::string SurveyJson(const Survey& survey, const std::string& starter);

}  // namespace premura
