// SPDX-License-Identifier: Apache-2.0
// StandingReport: how far each rule is with one customer, ready to be told:
// what the daemon answers on /api/v1/explain, and what `premura explain` puts
// beside what the ledger remembers.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "signals/standing.h"

namespace premura {

struct StandingReport {
  struct Rule {
    std::string id;
    std::string title;
    std::string status;
    bool for_customer = true;  // By its `only_for`; else `now` says why not.
    // Nothing of it is under way, and nothing was passed over.
    bool idle = false;
    std::vector<std::string> now;          // A sentence for each group.
    std::vector<std::string> passed_over;  // A sentence for each event.
    std::string json;                      // All of it, one object.
  };
  std::string customer;
  std::string zone;                  // Empty: not known; times are in UTC.
  Timestamp clock{};                 // The engine's: how far it has come.
  std::size_t events_looked_at = 0;  // For what was passed over.
  bool seen = false;  // Some rule has seen the customer, or an event is there.
  std::vector<Rule> rules;
};

// Of the rule `only`, or of all.
StandingReport MakeStandingReport(const CustomerStanding& standing,
                                  const std::string& zone,
                                  const std::string& only);

// One JSON object, with a line end; and back again.
std::string ToJson(const StandingReport& report);
Result<StandingReport> ParseStandingReport(std::string_view json);

}  // namespace premura
