// SPDX-License-Identifier: Apache-2.0
// Parts of the page that are not seen: its head with the policy that nothing
// but its own style and script applies, and the data that the script draws.

#pragma once

#include <string>
#include <vector>

#include "daemon/backtest/backtest_history.h"
#include "rules/rule_set.h"

namespace premura {

// Up to and with </head>. `title` is any text.
std::string HtmlHead(const std::string& title);

// The timelines as a JSON block that report.js reads.
std::string HtmlData(const std::vector<const Timeline*>& timelines,
                     const std::vector<std::string>& names,
                     const RuleSet& rules);

// "The customer's quiet hours"; the word itself if it has no other.
std::string ReasonInWords(const std::string& reason);

}  // namespace premura
