// SPDX-License-Identifier: Apache-2.0
// RuleCounts: what became of each rule's detections, from the ledger alone.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "notifiers/ledger.h"
#include "rules/result.h"

namespace premura {

struct RuleCounts {
  std::int64_t detections = 0;
  std::optional<Timestamp> last;  // When the newest happened.
  // Of actions, as they stand now.
  std::int64_t sent = 0;
  std::int64_t held = 0;
  std::int64_t open = 0;  // On their way, or in doubt.
  std::int64_t failed = 0;
  std::int64_t suppressed = 0;
  std::map<std::string, std::int64_t> why_suppressed;  // By Reason's word.
  // Since when the rule has decided as `simulation` and nothing else.
  std::optional<Timestamp> simulated_since;
  std::int64_t simulated = 0;  // Detections since then.
};

// By rule id; a rule that never fired has none.
Result<std::map<std::string, RuleCounts>> CountByRule(Ledger* ledger);

}  // namespace premura
