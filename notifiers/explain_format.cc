// SPDX-License-Identifier: Apache-2.0
// What Explain() found, in words and as JSON.

#include <fmt/format.h>

#include "notifiers/evidence_summary.h"
#include "notifiers/explain.h"
#include "notifiers/text.h"
#include "rules/value.h"
#include "signals/zones.h"

namespace premura {
namespace {

std::string Because(Reason reason, const std::string& detail) {
  std::string words;
  if (reason != Reason::kNone) words = fmt::format(" by {}", ToString(reason));
  if (!detail.empty()) words += fmt::format(" ({})", detail);
  return words;
}

// What is due long since waits for its way out, not for a moment.
std::string Until(const Delivery& d) {
  switch (d.reason) {
    case Reason::kMisconfigured:
    case Reason::kUnreachable:
    case Reason::kBreakerOpen:
      return "until its channel works";
    case Reason::kChannelMissing:
      return "until there is such a channel";
    default:
      return d.due_at ? "until " + FormatUtc(*d.due_at)
                      : "until something changes";
  }
}

std::string Standing(const Delivery& d) {
  switch (d.state) {
    case DeliveryState::kSent:
      return fmt::format(
          "sent {}{}{}", FormatUtc(d.changed_at),
          d.provider_id.empty() ? "" : " as " + d.provider_id,
          d.reason == Reason::kAlreadyThere ? ", found by its key" : "");
    case DeliveryState::kPending:
      return "waits to be sent";
    case DeliveryState::kSending:
      return fmt::format("is being sent since {}", FormatUtc(d.changed_at));
    case DeliveryState::kHeld:
      return fmt::format("held {}{}", Until(d), Because(d.reason, d.detail));
    case DeliveryState::kRetry:
      return fmt::format("tried {}x, again {}{}", d.attempts,
                         d.due_at ? FormatUtc(*d.due_at) : std::string("later"),
                         Because(d.reason, d.detail));
    case DeliveryState::kUnknown:
      return fmt::format("unknown: may have arrived{}{}",
                         Because(d.reason, d.detail),
                         d.due_at ? "; looked into " + FormatUtc(*d.due_at)
                                  : "; a person's turn");
    case DeliveryState::kFailed:
      return fmt::format("failed {}{}", FormatUtc(d.changed_at),
                         Because(d.reason, d.detail));
    case DeliveryState::kSuppressed:
      break;
  }
  return fmt::format("suppressed {}{}", FormatUtc(d.changed_at),
                     Because(d.reason, d.detail));
}

// What a person looks for at the other side.
std::string KeyOf(const Delivery& d) {
  const bool held = d.state == DeliveryState::kHeld && !d.due_at;
  return held || d.state == DeliveryState::kUnknown ? "; key " + d.key : "";
}

std::string LineOf(const Explanation::Action& action) {
  const DecisionRecord& decision = action.decision;
  const std::string standing =
      action.delivery
          ? Standing(*action.delivery) + KeyOf(*action.delivery)
          : fmt::format(
                "{}{}",
                decision.verdict.kind == Verdict::Kind::kSuppress
                    ? "suppressed"
                    : ToString(decision.verdict.kind),
                Because(decision.verdict.reason, decision.verdict.detail));
  return fmt::format("    {:<7} {:<24} {}\n", decision.channel,
                     decision.template_name, standing);
}

// Members of a JSON object, one after the other.
class Members {
 public:
  explicit Members(std::string* json) : json_(json) { json_->push_back('{'); }
  void Raw(std::string_view name, std::string_view value) {
    if (!first_) json_->push_back(',');
    first_ = false;
    AppendJsonText(name, json_);
    json_->push_back(':');
    json_->append(value);
  }
  void Text(std::string_view name, std::string_view value) {
    Raw(name, "");
    AppendJsonText(value, json_);
  }
  void Number(std::string_view name, int value) {
    Raw(name, fmt::format("{}", value));
  }
  void Time(std::string_view name, const std::optional<Timestamp>& at) {
    if (at) Text(name, FormatInstant(*at));
  }
  void Close() { json_->push_back('}'); }

 private:
  std::string* json_;
  bool first_ = true;
};

template <typename T, typename F>
std::string List(const std::vector<T>& elements, F to_json) {
  std::string json = "[";
  for (const T& element : elements) {
    if (json.size() > 1) json.push_back(',');
    json += to_json(element);
  }
  return json + "]";
}

std::string AttemptToJson(const Attempt& attempt) {
  std::string json;
  Members members(&json);
  members.Number("number", attempt.number);
  members.Text("what", attempt.what);
  members.Time("started", attempt.started);
  members.Time("ended", attempt.ended);
  members.Text("verdict", attempt.verdict);
  members.Text("reason", ToString(attempt.reason));
  members.Text("detail", attempt.detail);
  members.Close();
  return json;
}

std::string DeliveryToJson(const Explanation::Action& action) {
  const Delivery& delivery = *action.delivery;
  std::string json;
  Members members(&json);
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
  members.Raw("attempts", List(action.attempts, AttemptToJson));
  members.Close();
  return json;
}

std::string ActionToJson(const Explanation::Action& action) {
  const DecisionRecord& decision = action.decision;
  std::string json;
  Members members(&json);
  members.Text("channel", decision.channel);
  members.Text("template", decision.template_name);
  members.Text("decision", ToString(decision.verdict.kind));
  members.Text("reason", ToString(decision.verdict.reason));
  members.Time("until", decision.verdict.until);
  members.Text("detail", decision.verdict.detail);
  members.Text("rule_hash", decision.rule_hash);
  members.Time("decided_at", decision.at);
  if (action.delivery) members.Raw("delivery", DeliveryToJson(action));
  members.Close();
  return json;
}

std::string CaseToJson(const Explanation::Case& one) {
  std::string json;
  Members members(&json);
  members.Raw("detection", ToJson(one.record));
  members.Text("summary", Summarise(one.record));
  members.Time("recorded_at", one.recorded_at);
  members.Raw("actions", List(one.actions, ActionToJson));
  members.Close();
  return json;
}

std::string OutletToJson(const OutletRecord& outlet) {
  std::string json;
  Members members(&json);
  members.Text("name", outlet.name);
  members.Text("problem", outlet.problem);
  members.Time("since", outlet.since);
  members.Close();
  return json;
}

}  // namespace

std::string ToText(const Explanation& explanation) {
  std::string text =
      explanation.known
          ? fmt::format("{}: {} detection{}\n", explanation.customer,
                        explanation.cases.size(),
                        explanation.cases.size() == 1 ? "" : "s")
          : explanation.customer + ": nothing is known of this customer\n";
  if (explanation.stop_all.on) {
    text += fmt::format("stop-all is on since {} (by {}): nothing is sent\n",
                        FormatUtc(explanation.stop_all.since),
                        explanation.stop_all.by);
  }
  for (const OutletRecord& outlet : explanation.broken_outlets) {
    text += fmt::format("{} does not work since {}: {}\n", outlet.name,
                        FormatUtc(outlet.since), outlet.problem);
  }
  for (const Explanation::Case& one : explanation.cases) {
    text += fmt::format("\n{} {}: {}\n    {} (detection {})\n",
                        FormatUtc(one.record.at), one.record.rule_id,
                        one.record.title, Summarise(one.record),
                        one.record.detection_id);
    if (one.actions.empty()) text += "    the rule has no actions\n";
    for (const Explanation::Action& action : one.actions) {
      text += LineOf(action);
    }
  }
  return Printable(text);
}

std::string ToJson(const Explanation& explanation) {
  std::string stop_all;
  Members stop(&stop_all);
  stop.Raw("on", explanation.stop_all.on ? "true" : "false");
  stop.Text("by", explanation.stop_all.by);
  if (!explanation.stop_all.by.empty()) {
    stop.Time("since", explanation.stop_all.since);
  }
  stop.Close();
  std::string json;
  Members members(&json);
  members.Text("customer", explanation.customer);
  members.Raw("stop_all", stop_all);
  members.Raw("broken_outlets", List(explanation.broken_outlets, OutletToJson));
  members.Raw("cases", List(explanation.cases, CaseToJson));
  members.Close();
  json.push_back('\n');
  return json;
}

}  // namespace premura
