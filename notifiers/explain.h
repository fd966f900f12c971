// SPDX-License-Identifier: Apache-2.0
// Explain: why a customer was or was not written to: what fired, what was sent,
// what is held until when, what was suppressed and why, from the ledger alone;
// and beside that, where somebody who has the rules' state was asked, how far
// each rule is. Opens nothing but the ledger, so it runs beside a daemon or
// without one.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/ruling.h"
#include "notifiers/standing_report.h"
#include "rules/result.h"

namespace premura {

struct ExplainQuery {
  std::string customer;
  std::string rule;             // Empty: all.
  int most = 50;                // Detections, the newest.
  std::optional<Timestamp> at;  // None after this.
};

struct Explanation {
  struct Action {
    DecisionRecord decision;
    // What became of it; none: it was suppressed when it was decided.
    std::optional<Delivery> delivery;
    std::vector<Attempt> attempts;
    std::vector<Ruling> rulings;  // What people said of it, oldest first.
  };
  struct Case {
    CaseRecord record;
    Timestamp recorded_at{};
    std::vector<Action> actions;
  };
  std::string customer;
  // By the clock that deliveries wait for; what was due by then waits for
  // something else.
  Timestamp now = Timestamp::min();
  bool known = false;  // Anything at all, of whatever rule.
  StopAll stop_all;
  std::vector<OutletRecord> broken_outlets;
  std::vector<Case> cases;  // Newest first.
  std::string only;         // The rule that was asked about; empty: all.
  // Of whoever was asked how far the rules are.
  std::optional<StandingReport> standings;
};

Result<Explanation> Explain(Ledger* ledger, const ExplainQuery& query);

// For a terminal: with standings by rule, in the customer's zone, else by time,
// in UTC.
std::string ToText(const Explanation& explanation);
// One JSON object, with a line end.
std::string ToJson(const Explanation& explanation);

}  // namespace premura
