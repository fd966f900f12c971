// SPDX-License-Identifier: Apache-2.0
// Rules that are right in themselves and yet do not do what they say: an
// action that can never be sent, a limit that loosens nothing. Warnings.

#pragma once

#include <map>
#include <string>

#include "notifiers/gates.h"
#include "notifiers/rule_counts.h"
#include "notifiers/templates.h"
#include "rules/diagnostic.h"
#include "rules/rule_set.h"
#include "signals/profile.h"

namespace premura {

// Actions whose delay is not over before the rule's `expires_after`.
void WarnOfDelays(const RuleSet& rules, Diagnostics* diagnostics);

// Messages of `deadline` whose template tells of events: there are none.
void WarnOfMissingEvents(const RuleSet& rules, const TemplateSet& templates,
                         Diagnostics* diagnostics);

// Caps and quiet hours of rules that are looser than the configuration's,
// which hold all the same unless the rule is critical. Reads the rules' files
// again, for the line.
void WarnOfLoosening(const RuleSet& rules, const RestraintPolicy& policy,
                     Diagnostics* diagnostics);

// Messages whose template lacks a language that others are written in.
void WarnOfLanguages(const RuleSet& rules, const TemplateSet& templates,
                     Diagnostics* diagnostics);

// Rules whose `only_for` none of these customers meets: all that there are.
void WarnOfNobody(const RuleSet& rules,
                  const std::map<std::string, Profile::Values>& customers,
                  Diagnostics* diagnostics);

// Rules that have only been looked at for a month or longer, by what the
// ledger says they decided.
void WarnOfLongSimulation(const RuleSet& rules,
                          const std::map<std::string, RuleCounts>& counts,
                          Timestamp now, Diagnostics* diagnostics);

}  // namespace premura
