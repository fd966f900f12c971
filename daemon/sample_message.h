// SPDX-License-Identifier: Apache-2.0
// SampleMessage: what one action of a rule would send to a customer, complete,
// without a ledger, a gate or a channel: for whoever writes templates.
//
// Pure functions.

#pragma once

#include <string>
#include <vector>

#include "notifiers/channel.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "rules/rule.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

// A customer of whom nobody knows anything: name, language, addresses, ...
Profile::Values SampleProfile();
// A sender, where no configuration says who it is.
SenderFacts SampleSender();

// Whether its `only_if` holds.
bool IsMeantFor(const Action& action, const Detection& detection,
                const Profile& profile);

// The message of `rule.actions[action]`, as if all others were on their way and
// the ticket were open.
Result<Message> MakeSampleMessage(const Detection& detection,
                                  std::size_t action, const Profile& profile,
                                  const OutreachSettings& settings);

}  // namespace premura
