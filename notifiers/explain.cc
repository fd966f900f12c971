// SPDX-License-Identifier: Apache-2.0
#include "notifiers/explain.h"

#include <utility>

namespace premura {
namespace {

Status ReadCases(Ledger* ledger, const ExplainQuery& query,
                 Explanation* explanation) {
  Status broken;
  auto status = ledger->database()->Run(
      "select record, recorded_at from detections where customer = ? "
      "and (? = '' or rule = ?) and at <= ? order by at desc, id limit ?",
      {ToSql(query.customer), ToSql(query.rule), ToSql(query.rule),
       ToSql(query.at.value_or(Timestamp::max())), ToSql(query.most)},
      [&](const SqlRow& row) {
        auto record = ParseCaseRecord(row.Text(0));
        if (!record.ok()) {
          broken = record.error().WithContext("detection in the ledger");
          return false;
        }
        explanation->cases.push_back(
            {std::move(record).value(), Timestamp(Duration(row.Int(1))), {}});
        return true;
      });
  return status.ok() ? broken : status;
}

Status ReadAttempts(Ledger* ledger, Explanation::Action* action) {
  const std::string& key = action->delivery->key;
  return ledger->database()->Run(
      "select number, what, started_at, ended_at, verdict, reason, detail "
      "from attempts where delivery = ? order by number",
      {ToSql(key)}, [&](const SqlRow& row) {
        Attempt attempt;
        attempt.delivery = key;
        attempt.number = static_cast<int>(row.Int(0));
        attempt.what = row.Text(1);
        attempt.started = Timestamp(Duration(row.Int(2)));
        attempt.ended = ReadTime(row, 3);
        attempt.verdict = row.Text(4);
        attempt.reason = ParseReason(row.Text(5)).value_or(Reason::kNone);
        attempt.detail = row.Text(6);
        action->attempts.push_back(std::move(attempt));
        return true;
      });
}

Status ReadCase(Ledger* ledger, Explanation::Case* one) {
  auto decisions = ledger->Decisions(one->record.detection_id);
  if (!decisions.ok()) return decisions.error();
  for (DecisionRecord& decision : decisions.value()) {
    one->actions.push_back({std::move(decision), std::nullopt, {}, {}});
  }
  Outbox outbox(ledger->database());
  auto deliveries = outbox.OfDetection(one->record.detection_id);
  if (!deliveries.ok()) return deliveries.error();
  for (Delivery& delivery : deliveries.value()) {
    for (Explanation::Action& action : one->actions) {
      if (action.decision.action != delivery.action) continue;
      action.delivery = std::move(delivery);
      auto status = ReadAttempts(ledger, &action);
      if (!status.ok()) return status;
      auto rulings = RulingsOf(ledger, action.delivery->key);
      if (!rulings.ok()) return rulings.error();
      action.rulings = std::move(rulings).value();
      break;
    }
  }
  return {};
}

Status ReadKnown(Ledger* ledger, Explanation* explanation) {
  return ledger->database()->Run(
      "select 1 from profiles where customer = ? union all "
      "select 1 from detections where customer = ? limit 1",
      {ToSql(explanation->customer), ToSql(explanation->customer)},
      [&](const SqlRow&) { return explanation->known = true; });
}

}  // namespace

Result<Explanation> Explain(Ledger* ledger, const ExplainQuery& query) {
  Explanation explanation;
  explanation.customer = query.customer;
  explanation.only = query.rule;
  auto stop_all = ledger->ReadStopAll();
  if (!stop_all.ok()) return stop_all.error();
  explanation.stop_all = std::move(stop_all).value();
  auto outlets = ledger->Outlets();
  if (!outlets.ok()) return outlets.error();
  for (OutletRecord& outlet : outlets.value()) {
    if (!outlet.usable) explanation.broken_outlets.push_back(outlet);
  }
  auto status = ReadKnown(ledger, &explanation);
  if (status.ok()) status = ReadCases(ledger, query, &explanation);
  if (!status.ok()) return status.error();
  for (Explanation::Case& one : explanation.cases) {
    status = ReadCase(ledger, &one);
    if (!status.ok()) return status.error();
  }
  return explanation;
}

}  // namespace premura
