// SPDX-License-Identifier: Apache-2.0
// Conditions that the outbox's statements share.

#pragma once

#include <string_view>

namespace premura {

// Not final, or in doubt. Word for word the condition of the ledger's partial
// indexes: SQLite uses one for nothing less, so it stands beside narrower
// conditions too.
inline constexpr std::string_view kIsOpen =
    "state in ('pending', 'held', 'sending', 'retry', 'unknown')";

// IsWaiting() of notifiers/delivery.h.
inline constexpr std::string_view kIsWaiting =
    "state in ('pending', 'held', 'retry')";

}  // namespace premura
