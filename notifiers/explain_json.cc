// SPDX-License-Identifier: Apache-2.0
// What Explain() found, as JSON.

#include "notifiers/evidence_summary.h"
#include "notifiers/explain.h"
#include "notifiers/json_writer.h"

namespace premura {
namespace {

std::string AttemptToJson(const Attempt& attempt) {
  return JsonObject([&](Members& members) {
    members.Number("number", attempt.number);
    members.Text("what", attempt.what);
    members.Time("started", attempt.started);
    members.Time("ended", attempt.ended);
    members.Text("verdict", attempt.verdict);
    members.Text("reason", ToString(attempt.reason));
    members.Text("detail", attempt.detail);
  });
}

std::string RulingToJson(const Ruling& ruling) {
  return JsonObject([&](Members& members) {
    members.Time("at", ruling.at);
    members.Text("word", ruling.word);
    members.Text("by", ruling.by);
  });
}

std::string DeliveryToJson(const Explanation::Action& action) {
  const Delivery& delivery = *action.delivery;
  return JsonObject([&](Members& members) {
    members.Text("key", delivery.key);
    members.Text("lane", delivery.lane);
    members.Text("state", ToString(delivery.state));
    members.Text("reason", ToString(delivery.reason));
    members.Text("detail", delivery.detail);
    members.Time("changed_at", delivery.changed_at);
    members.Time("due_at", delivery.due_at);
    members.Time("expires_at", delivery.expires_at);
    members.Text("provider_id", delivery.provider_id);
    if (delivery.ticket) members.Text("ticket", delivery.ticket->id);
    members.Raw("attempts", JsonList(action.attempts, AttemptToJson));
    members.Raw("rulings", JsonList(action.rulings, RulingToJson));
  });
}

std::string ActionToJson(const Explanation::Action& action) {
  const DecisionRecord& decision = action.decision;
  return JsonObject([&](Members& members) {
    members.Text("channel", decision.channel);
    members.Text("template", decision.template_name);
    members.Text("decision", ToString(decision.verdict.kind));
    members.Text("reason", ToString(decision.verdict.reason));
    members.Time("until", decision.verdict.until);
    members.Text("detail", decision.verdict.detail);
    members.Text("rule_hash", decision.rule_hash);
    members.Time("decided_at", decision.at);
    if (action.delivery) members.Raw("delivery", DeliveryToJson(action));
  });
}

std::string CaseToJson(const Explanation::Case& one) {
  return JsonObject([&](Members& members) {
    members.Raw("detection", ToJson(one.record));
    members.Text("summary", Summarise(one.record));
    members.Time("recorded_at", one.recorded_at);
    members.Raw("actions", JsonList(one.actions, ActionToJson));
  });
}

std::string OutletToJson(const OutletRecord& outlet) {
  return JsonObject([&](Members& members) {
    members.Text("name", outlet.name);
    members.Text("problem", outlet.problem);
    members.Time("since", outlet.since);
  });
}

std::string StopAllToJson(const StopAll& stop_all) {
  return JsonObject([&](Members& members) {
    members.Flag("on", stop_all.on);
    members.Text("by", stop_all.by);
    if (!stop_all.by.empty()) members.Time("since", stop_all.since);
  });
}

}  // namespace

std::string ToJson(const Explanation& explanation) {
  const std::string json = JsonObject([&](Members& members) {
    members.Text("customer", explanation.customer);
    members.Raw("stop_all", StopAllToJson(explanation.stop_all));
    members.Raw("broken_outlets",
                JsonList(explanation.broken_outlets, OutletToJson));
    members.Raw("cases", JsonList(explanation.cases, CaseToJson));
    if (explanation.standings) {
      std::string standings = ToJson(*explanation.standings);
      standings.pop_back();
      members.Raw("standings", standings);
    }
  });
  return json + '\n';
}

}  // namespace premura
