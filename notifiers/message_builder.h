// SPDX-License-Identifier: Apache-2.0
// MessageBuilder: what is sent, complete, at the first attempt.

#pragma once

#include <optional>
#include <vector>

#include "notifiers/case_record.h"
#include "notifiers/channel.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "signals/profile.h"

namespace premura {

// All of one detection, in the order of its rule's actions.
struct CaseSoFar {
  std::vector<DecisionRecord> decisions;
  std::vector<Delivery> deliveries;
};

// `so_far`: of the delivery's case, this one included.
Result<Message> BuildMessage(const Delivery& delivery, const CaseRecord& record,
                             const Profile& profile, const CaseSoFar& so_far,
                             const OutreachSettings& settings, Timestamp now);

}  // namespace premura
