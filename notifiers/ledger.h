// SPDX-License-Identifier: Apache-2.0
// Ledger: the durable memory: every detection, every decision (sent or not),
// every delivery and its attempts, switches and profiles. `premura explain`
// answers from it.
//
// Thread: one Ledger per thread; each opens its own connection. Times are epoch
// milliseconds UTC.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/case_record.h"
#include "notifiers/channel.h"
#include "notifiers/gates.h"
#include "rules/result.h"

namespace premura {

// pending -> sending (durable before the call) -> sent | retry | unknown |
// failed; held and suppressed never get that far. At start every sending
// becomes unknown.
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
std::string_view ToString(DeliveryState state);

class Ledger;  // The engineer of this folder completes this file.

}  // namespace premura
