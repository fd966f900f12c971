// SPDX-License-Identifier: Apache-2.0
// A rule's own caps and quiet hours, as a delivery keeps them: the rule may
// have changed or gone when it is sent.

#pragma once

#include <string>
#include <string_view>

#include "rules/restraint.h"
#include "rules/result.h"

namespace premura {

// Empty if there are none.
std::string LimitsToJson(const FrequencyCaps& caps,
                         const QuietHoursByChannel& quiet_hours);
Status LimitsFromJson(std::string_view json, FrequencyCaps* caps,
                      QuietHoursByChannel* quiet_hours);

}  // namespace premura
