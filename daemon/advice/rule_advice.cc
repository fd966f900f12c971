// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/rule_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <map>
#include <set>
#include <vector>

#include "notifiers/profile_facts.h"
#include "rules/document.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

constexpr std::size_t kDay = 24 * 60;
using Week = std::bitset<7 * kDay>;

// The minutes that are quiet, from Sunday on.
Week QuietWeek(const QuietHours& hours) {
  Week week;
  for (std::size_t day = 0; day < 7; ++day) {
    for (std::size_t minute = 0; minute < kDay; ++minute) {
      bool quiet = (hours.quiet_days >> day & 1U) != 0;
      for (const QuietHours::Span& span : hours.spans) {
        const auto from = static_cast<std::size_t>(span.from_minute);
        const auto to = static_cast<std::size_t>(span.to_minute);
        quiet = quiet || (from < to ? minute >= from && minute < to
                                    : minute >= from || minute < to);
      }
      week[day * kDay + minute] = quiet;
    }
  }
  return week;
}

// Whether there are minutes that `ours` leaves free and `general` does not.
bool IsLooser(const QuietHours& ours, const QuietHours& general) {
  return (QuietWeek(general) & ~QuietWeek(ours)).any();
}

// Whether `ours` can never be met before `general` is.
bool IsLooser(const FrequencyCap& ours, const FrequencyCap& general) {
  return ours.count >= general.count && ours.window <= general.window &&
         (ours.count > general.count || ours.window < general.window);
}

// `event.date` and `event.time` are then those of the case.
bool IsOfEvents(const std::string& fact) {
  return fact == "count" || fact == "evidence" || fact == "earlier" ||
         (fact.starts_with("event.") && fact != "event.date" &&
          fact != "event.time");
}

// Where keys of rules stand; files are read when they are asked for.
class Places {
 public:
  // Of `channel` below `key` of the rule; of the rule if it is not found.
  SourcePosition Of(const Rule& rule, const char* key,
                    const std::string& channel) {
    const auto [found, fresh] =
        files_.try_emplace(rule.position.file, Document::Parse("", ""));
    if (fresh) found->second = Document::Load(rule.position.file);
    const Node root = found->second.root();
    if (!root) return rule.position;
    for (const Node& node : root.AsMapping("").Get("rules").AsList("")) {
      Mapping mapping = node.AsMapping("");
      if (mapping.TextOr("id", "") != rule.id) continue;
      const Mapping limits = mapping.MappingOf(key);
      if (limits.Has(channel)) return limits.KeyPosition(channel);
    }
    return rule.position;
  }

 private:
  std::map<std::string, Document> files_;
};

Diagnostic Warning(const SourcePosition& where, std::string message,
                   std::string hint) {
  Diagnostic warning;
  warning.severity = Diagnostic::Severity::kWarning;
  warning.where = where;
  warning.message = std::move(message);
  warning.hint = std::move(hint);
  return warning;
}

template <typename Limit>
void WarnOfLimits(const Rule& rule, const char* key,
                  const std::map<std::string, Limit>& ours,
                  const std::map<std::string, Limit>& general, Places* places,
                  Diagnostics* diagnostics) {
  for (const auto& [channel, limit] : ours) {
    const auto found = general.find(channel);
    if (found == general.end() || !IsLooser(limit, found->second)) continue;
    diagnostics->push_back(
        Warning(places->Of(rule, key, channel),
                fmt::format("`{}` for `{}` of rule `{}` is looser than "
                            "`restraint`, which holds all the same",
                            key, channel, rule.id),
                "only a rule of `level: critical` may loosen; else change "
                "`restraint`"));
  }
}

// Messages go to the customer; tickets speak the team's language.
bool IsMessage(const Action& action) {
  return action.channel != Action::Channel::kTicket &&
         !action.template_name.empty();
}

}  // namespace

void WarnOfDelays(const RuleSet& rules, Diagnostics* diagnostics) {
  for (const Rule& rule : rules.rules()) {
    if (!rule.expires_after) continue;
    for (const Action& action : rule.actions) {
      if (action.delay < *rule.expires_after) continue;
      diagnostics->push_back(Warning(
          action.position,
          fmt::format(
              "this action of rule `{}` can never be sent: it waits {} and "
              "expires after {}",
              rule.id, ReadableDuration(action.delay),
              ReadableDuration(*rule.expires_after)),
          "make `delay` shorter than `expires_after`"));
    }
  }
}

void WarnOfMissingEvents(const RuleSet& rules, const TemplateSet& templates,
                         Diagnostics* diagnostics) {
  for (const Rule& rule : rules.rules()) {
    if (!std::holds_alternative<DeadlineSpec>(rule.detect.spec)) continue;
    for (const Action& action : rule.actions) {
      std::vector<std::string> missing;
      for (const std::string& fact :
           templates.Facts(action.template_name, ToString(action.channel))) {
        if (IsOfEvents(fact)) missing.push_back(fmt::format("`{}`", fact));
      }
      if (missing.empty()) continue;
      diagnostics->push_back(Warning(
          action.template_position,
          fmt::format(
              "template `{}` tells of events ({}), and a deadline has none",
              action.template_name, fmt::join(missing, ", ")),
          "the date itself is known if it lies below `dates`: "
          "`customer.dates.renewal`"));
    }
  }
}

void WarnOfLoosening(const RuleSet& rules, const RestraintPolicy& policy,
                     Diagnostics* diagnostics) {
  Places places;
  for (const Rule& rule : rules.rules()) {
    if (rule.level == Level::kCritical) continue;
    WarnOfLimits(rule, "frequency_cap", rule.frequency_cap,
                 policy.frequency_cap, &places, diagnostics);
    WarnOfLimits(rule, "quiet_hours", rule.quiet_hours, policy.quiet_hours,
                 &places, diagnostics);
  }
}

void WarnOfLanguages(const RuleSet& rules, const TemplateSet& templates,
                     Diagnostics* diagnostics) {
  std::set<std::string> all;
  const auto each = [&](const auto& visit) {
    for (const Rule& rule : rules.rules()) {
      for (const Action& action : rule.actions) {
        if (!IsMessage(action)) continue;
        const auto locales =
            templates.Locales(action.template_name, ToString(action.channel));
        if (!locales.empty()) visit(action, locales);
      }
    }
  };
  each([&](const Action&, const std::vector<std::string>& locales) {
    all.insert(locales.begin(), locales.end());
  });
  each([&](const Action& action, const std::vector<std::string>& locales) {
    std::vector<std::string> missing;
    for (const std::string& locale : all) {
      // `it` does for `it-CH` too.
      const std::string language = locale.substr(0, locale.find('-'));
      const bool there = std::any_of(locales.begin(), locales.end(),
                                     [&](const std::string& has) {
                                       return has == locale || has == language;
                                     });
      if (!there) missing.push_back(locale);
    }
    if (missing.empty()) return;
    diagnostics->push_back(Warning(
        action.template_position,
        fmt::format("template `{}` has its {} in {}, but not in {}, in which "
                    "others are written",
                    action.template_name, ToString(action.channel),
                    fmt::join(locales, ", "), fmt::join(missing, ", ")),
        fmt::format("write `{}.{}.yaml`", action.template_name, missing[0])));
  });
}

void WarnOfNobody(const RuleSet& rules,
                  const std::map<std::string, Profile::Values>& customers,
                  Diagnostics* diagnostics) {
  if (customers.empty()) return;
  std::vector<const Rule*> unmet;
  for (const Rule& rule : rules.rules()) {
    if (!rule.only_for.always()) unmet.push_back(&rule);
  }
  for (const auto& [_, values] : customers) {
    if (unmet.empty()) return;
    const Profile profile(values, {});
    const ProfileFacts facts(profile, rules.symbols());
    std::erase_if(
        unmet, [&](const Rule* rule) { return rule->only_for.Matches(facts); });
  }
  for (const Rule* rule : unmet) {
    diagnostics->push_back(Warning(
        rule->position,
        fmt::format("`only_for` of rule `{}` leaves nobody: none of the {} "
                    "customers of `profiles.files` meets it",
                    rule->id, customers.size()),
        "events say nothing of customers here: `profiles.from_events` is "
        "false"));
  }
}

void WarnOfLongSimulation(const RuleSet& rules,
                          const std::map<std::string, RuleCounts>& counts,
                          Timestamp now, Diagnostics* diagnostics) {
  constexpr Duration kLong = std::chrono::hours(24 * 30);
  for (const Rule& rule : rules.rules()) {
    const auto found = counts.find(rule.id);
    if (rule.status != RuleStatus::kSimulation || found == counts.end()) {
      continue;
    }
    const auto& since = found->second.simulated_since;
    if (!since || now - *since < kLong) continue;
    diagnostics->push_back(Warning(
        rule.position,
        fmt::format("rule `{}` has been in simulation since {}: {} detections "
                    "that nobody acted on",
                    rule.id, FormatInstant(*since).substr(0, 10),
                    found->second.simulated),
        "`status: live` if they were right, `disabled` if not"));
  }
}

}  // namespace premura
