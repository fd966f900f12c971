// SPDX-License-Identifier: Apache-2.0
#include "notifiers/rule_counts.h"

#include "notifiers/outbox.h"

namespace premura {
namespace {

using Counts = std::map<std::string, RuleCounts>;

Status CountDetections(Ledger* ledger, Counts* counts) {
  return ledger->database()->Run(
      "select rule, count(*), max(at) from detections group by rule", {},
      [&](const SqlRow& row) {
        RuleCounts& rule = (*counts)[std::string(row.Text(0))];
        rule.detections = row.Int(1);
        rule.last = ReadTime(row, 2);
        return true;
      });
}

void AddSuppressed(std::string_view reason, std::int64_t count,
                   RuleCounts* rule) {
  rule->suppressed += count;
  rule->why_suppressed[std::string(reason)] += count;
}

Status CountDecisions(Ledger* ledger, Counts* counts) {
  return ledger->database()->Run(
      "select d.rule, x.reason, count(*) from decisions x "
      "join detections d on d.id = x.detection where x.kind = 'suppress' "
      "group by d.rule, x.reason",
      {}, [&](const SqlRow& row) {
        AddSuppressed(row.Text(1), row.Int(2),
                      &(*counts)[std::string(row.Text(0))]);
        return true;
      });
}

Status CountDeliveries(Ledger* ledger, Counts* counts) {
  return ledger->database()->Run(
      "select rule, state, reason, count(*) from deliveries "
      "group by rule, state, reason",
      {}, [&](const SqlRow& row) {
        RuleCounts& rule = (*counts)[std::string(row.Text(0))];
        const std::int64_t count = row.Int(3);
        switch (
            ParseDeliveryState(row.Text(1)).value_or(DeliveryState::kUnknown)) {
          case DeliveryState::kSent:
            rule.sent += count;
            break;
          case DeliveryState::kHeld:
            rule.held += count;
            break;
          case DeliveryState::kFailed:
            rule.failed += count;
            break;
          case DeliveryState::kSuppressed:
            AddSuppressed(row.Text(2), count, &rule);
            break;
          default:
            rule.open += count;
            break;
        }
        return true;
      });
}

// A decision that was none of simulation begins anew.
Status CountSimulation(Ledger* ledger, Counts* counts) {
  return ledger->database()->Run(
      "select d.rule, min(x.decided_at), min(case x.reason when 'simulation' "
      "then 1 else 0 end) "
      "from decisions x join detections d on d.id = x.detection "
      "group by d.id order by min(x.decided_at)",
      {}, [&](const SqlRow& row) {
        RuleCounts& rule = (*counts)[std::string(row.Text(0))];
        if (row.Int(2) == 0) {
          rule.simulated_since.reset();
          rule.simulated = 0;
          return true;
        }
        if (!rule.simulated_since) rule.simulated_since = ReadTime(row, 1);
        ++rule.simulated;
        return true;
      });
}

}  // namespace

Result<std::map<std::string, RuleCounts>> CountByRule(Ledger* ledger) {
  Counts counts;
  for (const auto count :
       {CountDetections, CountDecisions, CountDeliveries, CountSimulation}) {
    if (Status status = count(ledger, &counts); !status.ok()) {
      return status.error();
    }
  }
  return counts;
}

}  // namespace premura
