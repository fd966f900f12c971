// SPDX-License-Identifier: Apache-2.0
#include "notifiers/delivery.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace premura {
namespace {

constexpr std::array<std::string_view, kDeliveryStates> kStates = {
    "pending", "held",    "sending", "sent",
    "retry",   "unknown", "failed",  "suppressed"};

}  // namespace

std::string_view ToString(DeliveryState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<DeliveryState> ParseDeliveryState(std::string_view word) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == word) return static_cast<DeliveryState>(i);
  }
  return std::nullopt;
}

bool IsWaiting(DeliveryState state) {
  return state == DeliveryState::kPending || state == DeliveryState::kHeld ||
         state == DeliveryState::kRetry;
}

bool IsFinal(DeliveryState state) {
  return state == DeliveryState::kSent || state == DeliveryState::kFailed ||
         state == DeliveryState::kSuppressed;
}

bool NeedsPerson(const Delivery& delivery) {
  return !delivery.due_at && (delivery.state == DeliveryState::kHeld ||
                              delivery.state == DeliveryState::kUnknown);
}

bool AwaitsTicket(const std::vector<Delivery>& of_case, Timestamp until) {
  return std::any_of(of_case.begin(), of_case.end(),
                     [until](const Delivery& one) {
                       if (one.channel != "ticket") return false;
                       if (one.state == DeliveryState::kSending) return true;
                       return one.due_at && *one.due_at <= until &&
                              one.reason != Reason::kChannelMissing;
                     });
}

}  // namespace premura
