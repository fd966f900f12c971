// SPDX-License-Identifier: Apache-2.0
// What the answer to a call makes of a delivery. Pure functions.
//
// What unknown means depends on the channel: repeat under the same key where
// the other side knows keys, ask first where it can be asked, else stay unknown
// for a person to see.

#pragma once

#include "notifiers/channel.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"

namespace premura {

// After Channel::Deliver(). `doubted`: it was a repeat of one in doubt.
void ApplyDelivered(const Outcome& outcome, OnDoubt on_doubt, bool doubted,
                    const RetryPolicy& policy, Timestamp now,
                    Delivery* delivery);
// After Channel::Find().
void ApplyFound(const Outcome& outcome, const RetryPolicy& policy,
                Timestamp now, Delivery* delivery);
// It was being sent when the process ended.
void ApplyRestart(const RetryPolicy& policy, Timestamp now, Delivery* delivery);

// Whether the answer speaks against the host itself: what a breaker counts.
bool IsHostFailure(const Outcome& outcome);
// Whether it says nothing of the host: it may never have been asked.
bool IsNoNewsOfHost(const Outcome& outcome);

}  // namespace premura
