// SPDX-License-Identifier: Apache-2.0
// The closed set of words for why something was or was not sent. Log field,
// CLI word, metric label and ledger text are the same word.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace premura {

enum class Reason : std::uint8_t {
  kNone,  // Nothing stood in the way.
  // Gates, in their order.
  kSimulation,
  kRuleDisabled,  // Since it was decided.
  kRuleGone,
  kStopAll,
  kOnlyIf,  // The action's own `only_if` does not hold.
  kNoConsent,
  kNoAddress,
  kBadAddress,
  kHoldout,
  kCooldown,
  kFrequencyCap,
  kOutrankedBy,
  kQuietHours,
  kTimezoneMissing,  // Held: no zone known and the configuration says hold.
  kDelay,            // The action's own `delay`.
  kExpired,
  kCancelled,  // `cancel_on` was seen.
  // Before a call.
  kTemplateError,
  kChannelMissing,  // No such desk or channel is configured.
  kWaitingForTicket,
  // Outcomes of a call.
  kDelivered,
  kAlreadyThere,  // Found by key: an earlier attempt had arrived.
  kRefused,       // The other side said no for good (4xx, 5xx SMTP).
  kThrottled,     // 429 and the like.
  kServerError,
  kUnreachable,
  kTimeout,
  kMisconfigured,  // Credentials, certificate, missing field: a person's turn.
  kBreakerOpen,
  kUnknownOutcome,  // May have arrived; cannot be asked.
  kAttemptsExhausted,
  kRestarted,  // Was being sent when the process ended.
  kDropped,    // A person said that it never go.
};

// "quiet_hours"
std::string_view ToString(Reason reason);
std::optional<Reason> ParseReason(std::string_view word);
std::span<const Reason> AllReasons();

}  // namespace premura
