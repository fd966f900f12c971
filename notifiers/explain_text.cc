// SPDX-License-Identifier: Apache-2.0
// What Explain() found, in words.

#include <fmt/format.h>

#include <set>

#include "notifiers/evidence_summary.h"
#include "notifiers/explain.h"
#include "notifiers/local_times.h"
#include "rules/printable.h"

namespace premura {
namespace {

std::string Because(Reason reason, const std::string& detail) {
  std::string words;
  if (reason != Reason::kNone) words = fmt::format(" by {}", ToString(reason));
  if (!detail.empty()) words += fmt::format(" ({})", detail);
  return words;
}

// The zone of all times, and what is the past in them.
struct Times {
  LocalTimes zone;
  Timestamp now;

  std::string At(Timestamp at) const { return zone.At(at); }
  // What is due since then waits for its turn.
  std::string Due(const char* word, Timestamp at) const {
    return (at > now ? word : ", due since ") + At(at);
  }
};

// What is due long since waits for its way out, not for a moment.
std::string Until(const Delivery& d, const Times& t) {
  switch (d.reason) {
    case Reason::kMisconfigured:
      return d.due_at ? " until its channel works" : " until a person decides";
    case Reason::kUnreachable:
    case Reason::kBreakerOpen:
      return " until its channel works";
    case Reason::kChannelMissing:
      return " until there is such a channel";
    default:
      return d.due_at ? t.Due(" until ", *d.due_at)
                      : " until something changes";
  }
}

std::string Fate(const Delivery& d, const Times& t) {
  switch (d.state) {
    case DeliveryState::kSent:
      return fmt::format(
          "sent {}{}{}", t.At(d.changed_at),
          d.provider_id.empty() ? "" : " as " + d.provider_id,
          d.reason == Reason::kAlreadyThere ? ", found by its key" : "");
    case DeliveryState::kPending:
      return "waits to be sent";
    case DeliveryState::kSending:
      return fmt::format("is being sent since {}", t.At(d.changed_at));
    case DeliveryState::kHeld:
      return fmt::format("held{}{}", Until(d, t), Because(d.reason, d.detail));
    case DeliveryState::kRetry:
      return fmt::format(
          "tried {}x{}{}", d.attempts,
          d.due_at ? t.Due(", again ", *d.due_at) : ", again later",
          Because(d.reason, d.detail));
    case DeliveryState::kUnknown:
      return fmt::format(
          "unknown: may have arrived{}{}", Because(d.reason, d.detail),
          d.due_at ? t.Due("; looked into ", *d.due_at) : "; a person's turn");
    case DeliveryState::kFailed:
      return fmt::format("failed {}{}", t.At(d.changed_at),
                         Because(d.reason, d.detail));
    case DeliveryState::kSuppressed:
      break;
  }
  // A person's word follows, with the time.
  if (d.reason == Reason::kDropped) return "suppressed";
  return fmt::format("suppressed {}{}", t.At(d.changed_at),
                     Because(d.reason, d.detail));
}

// What a person looks for at the other side.
std::string KeyOf(const Delivery& d) {
  const bool held = d.state == DeliveryState::kHeld && !d.due_at;
  return held || d.state == DeliveryState::kUnknown ? "; key " + d.key : "";
}

// What people said of it.
std::string Rulings(const Explanation::Action& action, const Times& t) {
  std::string words;
  for (const Ruling& ruling : action.rulings) {
    words +=
        fmt::format("; {} {} by {}", ruling.word, t.At(ruling.at), ruling.by);
  }
  return words;
}

std::string LineOf(const Explanation::Action& action, const Times& t) {
  const DecisionRecord& decision = action.decision;
  const std::string fate =
      action.delivery
          ? Fate(*action.delivery, t) + KeyOf(*action.delivery) +
                Rulings(action, t)
          : fmt::format(
                "{}{}",
                decision.verdict.kind == Verdict::Kind::kSuppress
                    ? "suppressed"
                    : ToString(decision.verdict.kind),
                Because(decision.verdict.reason, decision.verdict.detail));
  return fmt::format("    {:<7} {:<24} {}\n", decision.channel,
                     decision.template_name, fate);
}

std::string ActionsOf(const Explanation::Case& one, const Times& t) {
  if (one.actions.empty()) return "    the rule has no actions\n";
  std::string lines;
  for (const Explanation::Action& action : one.actions) {
    lines += LineOf(action, t);
  }
  return lines;
}

// What keeps everything.
std::string Troubles(const Explanation& explanation, const Times& t) {
  std::string text;
  if (explanation.stop_all.on) {
    text +=
        fmt::format("stop-all is on since {} (by {}): nothing is sent\n",
                    t.At(explanation.stop_all.since), explanation.stop_all.by);
  }
  for (const OutletRecord& outlet : explanation.broken_outlets) {
    text += fmt::format("{} does not work since {}: {}\n", outlet.name,
                        t.At(outlet.since), outlet.problem);
  }
  return text;
}

bool IsKnown(const Explanation& explanation) {
  return explanation.known ||
         (explanation.standings && explanation.standings->seen);
}

std::string Counted(const Explanation& explanation) {
  if (!IsKnown(explanation)) {
    return explanation.customer + ": nothing is known of this customer";
  }
  return fmt::format("{}: {} detection{}", explanation.customer,
                     explanation.cases.size(),
                     explanation.cases.size() == 1 ? "" : "s");
}

// --- By time ----------------------------------------------------------------

std::string ByTime(const Explanation& explanation) {
  const Times utc{LocalTimes(""), explanation.now};
  std::string text = Counted(explanation) + "\n";
  text += Troubles(explanation, utc);
  for (const Explanation::Case& one : explanation.cases) {
    text +=
        fmt::format("\n{} {}: {}\n    {} (detection {})\n",
                    utc.At(one.record.at), one.record.rule_id, one.record.title,
                    Summarise(one.record), one.record.detection_id);
    text += ActionsOf(one, utc);
  }
  return text;
}

// --- By rule ----------------------------------------------------------------

// What fired of a rule, newest first.
std::string CasesOf(const Explanation& explanation, const std::string& rule,
                    const std::string& zone) {
  const Times times{LocalTimes(zone), explanation.now};
  std::string text;
  for (const Explanation::Case& one : explanation.cases) {
    if (one.record.rule_id != rule) continue;
    text +=
        fmt::format("  fired {}: {} (detection {})\n", times.At(one.record.at),
                    Summarise(one.record, zone), one.record.detection_id);
    text += ActionsOf(one, times);
  }
  return text;
}

std::string RuleText(const StandingReport::Rule& rule,
                     const std::string& cases) {
  const bool live = rule.status == "live";
  std::string text = fmt::format("\n{}: {}{}\n", rule.id, rule.title,
                                 live ? "" : fmt::format(" [{}]", rule.status));
  for (const std::string& now : rule.now) text += "  now: " + now + "\n";
  for (const std::string& one : rule.passed_over) {
    text += "  passed over: " + one + "\n";
  }
  return text + cases;
}

// Rules of which there is something to tell, then those that are gone and yet
// fired, then those that are for others, then, on one line, the rest.
std::string ByRule(const Explanation& explanation,
                   const StandingReport& standings) {
  std::string idle;
  std::string others;
  std::set<std::string> told;
  std::string text;
  for (const StandingReport::Rule& rule : standings.rules) {
    told.insert(rule.id);
    const std::string cases = CasesOf(explanation, rule.id, standings.zone);
    const bool untold = cases.empty() && explanation.only.empty();
    if (untold && !rule.for_customer && !rule.now.empty()) {
      others += fmt::format("{} {}\n", rule.id, rule.now.front());
    } else if (untold && rule.idle) {
      idle += (idle.empty() ? "" : ", ") + rule.id;
    } else {
      text += RuleText(rule, cases);
    }
  }
  for (const Explanation::Case& one : explanation.cases) {
    if (!told.insert(one.record.rule_id).second) continue;
    text += fmt::format("\n{}: {}\n  now: there is no such rule any more\n",
                        one.record.rule_id, one.record.title);
    text += CasesOf(explanation, one.record.rule_id, standings.zone);
  }
  if (!others.empty()) text += "\n" + others;
  if (!idle.empty()) text += "\nnothing under way: " + idle + "\n";
  return text;
}

}  // namespace

std::string ToText(const Explanation& explanation) {
  const bool stranger = !IsKnown(explanation) && explanation.only.empty();
  if (!explanation.standings || stranger) {
    return Printable(ByTime(explanation), "\n");
  }
  const StandingReport& standings = *explanation.standings;
  const Times times{LocalTimes(standings.zone), explanation.now};
  const std::string head =
      fmt::format("{}; times in {}, the rules as of {}\n", Counted(explanation),
                  times.zone.zone(),
                  standings.clock == Timestamp{} ? "no event yet"
                                                 : times.At(standings.clock));
  return Printable(
      head + Troubles(explanation, times) + ByRule(explanation, standings),
      "\n");
}

}  // namespace premura
