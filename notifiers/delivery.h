// SPDX-License-Identifier: Apache-2.0
// Delivery: one contact that was decided on, and how it stands.
//
//   pending -> sending (durable before the call) -> sent | retry | unknown |
//   failed; held and suppressed never get that far. At start every sending
//   becomes unknown.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel.h"
#include "notifiers/reason.h"
#include "rules/restraint.h"
#include "rules/time.h"

namespace premura {

enum class DeliveryState : std::uint8_t {
  kPending,
  kHeld,
  kSending,
  kSent,
  kRetry,
  kUnknown,
  kFailed,
  kSuppressed
};
inline constexpr int kDeliveryStates = 8;
std::string_view ToString(DeliveryState state);
std::optional<DeliveryState> ParseDeliveryState(std::string_view word);

// It may still go out and has not been tried, or surely did not arrive.
bool IsWaiting(DeliveryState state);
// Nothing will change it any more by itself or by an answer under way.
bool IsFinal(DeliveryState state);

struct Delivery {
  // What it is; never changes.
  std::string key;
  std::string detection;
  int action = 0;
  std::string rule;
  std::string customer;
  std::string channel;  // "ticket", "email", "sms"
  std::string lane;     // "email", "ticket", "ticket:rt"
  std::string template_name;
  std::string category;
  std::string queue;
  std::string ticket_priority;
  int priority = 0;
  bool critical = false;
  FrequencyCaps caps;  // The rule's own.
  QuietHoursByChannel quiet_hours;
  Timestamp detected_at{};
  Timestamp created_at{};
  std::optional<Timestamp> expires_at;
  // The event that took it back when it was out of reach; see CancelCall().
  std::string cancelled_by;

  // How it stands.
  DeliveryState state = DeliveryState::kPending;
  Reason reason = Reason::kNone;
  std::string detail;
  Timestamp changed_at{};
  std::optional<Timestamp> due_at;
  int attempts = 0;  // Calls made, look-ups included.
  int retries = 0;   // In a row: what backoff counts.
  std::optional<Timestamp> retrying_since;
  std::optional<Timestamp> first_attempt;
  std::string message;  // Fixed at the first attempt: JSON.
  std::string provider_id;
  std::optional<TicketReference> ticket;
  std::string owner;  // The instance whose call runs, or was the last.
  // Who said that it go after all; empty: nobody, or it has been in doubt
  // again since.
  std::string released_by;
};

// Nothing but a person's word moves it on: it is in doubt and can be neither
// asked for nor repeated, or is held without an end.
bool NeedsPerson(const Delivery& delivery);

// How long a mail waits for the number of the ticket of the same case.
constexpr Duration kTicketPatience = std::chrono::minutes(2);

// A ticket of the case is being opened or will be tried by `until`.
bool AwaitsTicket(const std::vector<Delivery>& of_case, Timestamp until);

}  // namespace premura
