// SPDX-License-Identifier: Apache-2.0
#include "notifiers/candidate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/profile_facts.h"
#include "notifiers/text.h"

namespace premura {
namespace {

constexpr std::size_t kMostCharacters = 60;

// "tier is standard, plan is not known": what the condition looked at.
std::string WhatIsSeen(const Condition& condition, const Profile& profile,
                       const Symbols& symbols) {
  std::vector<FieldRef> fields;
  condition.CollectFields(&fields);
  std::string words;
  std::set<std::string> seen;
  for (const FieldRef& field : fields) {
    const std::string path(symbols.profile.Text(field.symbol));
    if (!seen.insert(path).second) continue;
    const std::string text = OneLine(profile.Text(path));
    words += fmt::format(
        "{}{} is {}", words.empty() ? "" : ", ", path,
        text.empty()
            ? "not known"
            : std::string(CutCharacters(MaskAddresses(text), kMostCharacters)));
  }
  return words;
}

void SetAddress(const Profile& profile, Candidate* candidate) {
  candidate->profile = &profile;
  candidate->address_needed = candidate->channel != "ticket";
  candidate->address =
      profile.Text(candidate->channel == "sms" ? "phone" : "email");
}

}  // namespace

Candidate CandidateOf(const Detection& detection, const Action& action,
                      const Profile& profile) {
  const Rule& rule = *detection.rule;
  Candidate candidate;
  candidate.customer = detection.customer;
  candidate.channel = ToString(action.channel);
  candidate.rule = rule.id;
  candidate.category = action.category;
  candidate.priority = rule.priority;
  candidate.critical = rule.level == Level::kCritical;
  candidate.only_if_holds =
      action.only_if.Matches(ProfileFacts(profile, detection.rules->symbols()));
  if (!candidate.only_if_holds) {
    candidate.only_if_saw =
        WhatIsSeen(action.only_if, profile, detection.rules->symbols());
  }
  candidate.holdout = rule.holdout;
  candidate.cooldown = rule.cooldown;
  candidate.expires_after = rule.expires_after;
  candidate.delay = action.delay;
  candidate.rule_caps = rule.frequency_cap;
  candidate.rule_quiet_hours = rule.quiet_hours;
  candidate.detected_at = detection.at;
  SetAddress(profile, &candidate);
  return candidate;
}

Candidate CandidateOf(const Delivery& delivery, const Profile& profile) {
  Candidate candidate;
  candidate.customer = delivery.customer;
  candidate.channel = delivery.channel;
  candidate.rule = delivery.rule;
  candidate.category = delivery.category;
  candidate.priority = delivery.priority;
  candidate.critical = delivery.critical;
  candidate.rule_caps = delivery.caps;
  candidate.rule_quiet_hours = delivery.quiet_hours;
  candidate.detected_at = delivery.detected_at;
  candidate.cancelled = !delivery.cancelled_by.empty();
  candidate.released = !delivery.released_by.empty();
  if (delivery.expires_at) {
    candidate.expires_after = *delivery.expires_at - delivery.detected_at;
  }
  SetAddress(profile, &candidate);
  return candidate;
}

void LookUpRule(const RuleSet& rules, Candidate* candidate) {
  const Rule* rule = rules.Find(candidate->rule);
  if (rule == nullptr) {
    candidate->rule_off = Reason::kRuleGone;
  } else if (rule->status == RuleStatus::kDisabled) {
    candidate->rule_off = Reason::kRuleDisabled;
  } else {
    candidate->simulation = rule->status == RuleStatus::kSimulation;
  }
}

Duration LongestWindow(const RestraintPolicy& policy,
                       const FrequencyCaps& of_rule, ContactScope scope) {
  Duration longest{};
  for (const auto* caps : {&policy.frequency_cap, &of_rule}) {
    for (const auto& [channel, cap] : *caps) {
      if (ScopeOf(channel) == scope) longest = std::max(longest, cap.window);
    }
  }
  return longest;
}

}  // namespace premura
