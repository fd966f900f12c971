// SPDX-License-Identifier: Apache-2.0
#include "notifiers/reason.h"

#include <array>
#include <utility>

namespace premura {
namespace {

constexpr std::array<std::pair<Reason, std::string_view>, 34> kWords = {{
    {Reason::kNone, "none"},
    {Reason::kSimulation, "simulation"},
    {Reason::kRuleDisabled, "rule_disabled"},
    {Reason::kRuleGone, "rule_gone"},
    {Reason::kStopAll, "stop_all"},
    {Reason::kOnlyIf, "only_if"},
    {Reason::kNoConsent, "no_consent"},
    {Reason::kNoAddress, "no_address"},
    {Reason::kBadAddress, "bad_address"},
    {Reason::kHoldout, "holdout"},
    {Reason::kCooldown, "cooldown"},
    {Reason::kFrequencyCap, "frequency_cap"},
    {Reason::kOutrankedBy, "outranked_by"},
    {Reason::kQuietHours, "quiet_hours"},
    {Reason::kTimezoneMissing, "timezone_missing"},
    {Reason::kDelay, "delay"},
    {Reason::kExpired, "expired"},
    {Reason::kCancelled, "cancelled"},
    {Reason::kTemplateError, "template_error"},
    {Reason::kChannelMissing, "channel_missing"},
    {Reason::kWaitingForTicket, "waiting_for_ticket"},
    {Reason::kDelivered, "delivered"},
    {Reason::kAlreadyThere, "already_there"},
    {Reason::kRefused, "refused"},
    {Reason::kThrottled, "throttled"},
    {Reason::kServerError, "server_error"},
    {Reason::kUnreachable, "unreachable"},
    {Reason::kTimeout, "timeout"},
    {Reason::kMisconfigured, "misconfigured"},
    {Reason::kBreakerOpen, "breaker_open"},
    {Reason::kUnknownOutcome, "unknown_outcome"},
    {Reason::kAttemptsExhausted, "attempts_exhausted"},
    {Reason::kRestarted, "restarted"},
    {Reason::kDropped, "dropped"},
}};

// ToString() takes the word at the enumerator's place.
constexpr auto kReasons = [] {
  std::array<Reason, kWords.size()> reasons{};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    reasons[i] = kWords[i].first;
    if (static_cast<std::size_t>(reasons[i]) != i) throw "out of order";
  }
  return reasons;
}();

}  // namespace

std::string_view ToString(Reason reason) {
  return kWords[static_cast<std::size_t>(reason)].second;
}

std::optional<Reason> ParseReason(std::string_view word) {
  for (const Reason reason : kReasons) {
    if (ToString(reason) == word) return reason;
  }
  return std::nullopt;
}

std::span<const Reason> AllReasons() { return kReasons; }

}  // namespace premura
