// SPDX-License-Identifier: Apache-2.0
// Fills in what the gates look at: from a rule's action when it is decided,
// from the delivery in the ledger when it is to be sent.

#pragma once

#include "notifiers/gates.h"
#include "notifiers/outbox.h"
#include "rules/rule_set.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

// `profile` must outlive the candidate. Left to the caller: simulation,
// stop_all, last_of_rule, contacts and, of a detection, cancelled.
Candidate CandidateOf(const Detection& detection, const Action& action,
                      const Profile& profile);
Candidate CandidateOf(const Delivery& delivery, const Profile& profile);

// What the rules in force say of a delivery's rule.
void LookUpRule(const RuleSet& rules, Candidate* candidate);

// The longest window of any cap that counts what is in `scope`; zero: there is
// no such cap.
Duration LongestWindow(const RestraintPolicy& policy,
                       const FrequencyCaps& of_rule, ContactScope scope);

}  // namespace premura
