// SPDX-License-Identifier: Apache-2.0
// MessageBuilder: what is sent, complete, at the first attempt.

#pragma once

#include <optional>
#include <vector>

#include "notifiers/case_record.h"
#include "notifiers/channel.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "signals/profile.h"

namespace premura {

// `of_case`: all deliveries of the same detection, this one included.
Result<Message> BuildMessage(const Delivery& delivery, const CaseRecord& record,
                             const Profile& profile,
                             const std::vector<Delivery>& of_case,
                             const OutreachSettings& settings, Timestamp now);

}  // namespace premura
