// SPDX-License-Identifier: Apache-2.0
// Rulings: what people say of deliveries that wait for them (NeedsPerson()), or
// are in doubt and overdue; kept in the ledger with who said it and when.
//
//   release  it goes after all, if the gates let it
//   drop     it never goes
//   arrived  of one in doubt: it counts as sent
//   lost     of one in doubt: it counts as failed; nothing is sent
//
// Beside a daemon or without one: what waits for a person the daemon leaves
// alone, and what is released it finds due.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

enum class RulingWord : std::uint8_t { kReleased, kDropped, kArrived, kLost };
std::string_view ToString(RulingWord word);  // "released"

struct Ruling {
  Timestamp at{};
  std::string word;
  std::string by;
};

// Says the same of each of `keys`: of all, or, with every mistake in the error,
// of none. A transaction of its own.
Status SayOf(Ledger* ledger, const std::vector<std::string>& keys,
             RulingWord word, const std::string& by, Timestamp now);

// Drops all of a rule's deliveries that are waiting, whether for a person, for
// their time or for stop-all; what may have arrived stays. Answers how many.
// A transaction for each thousand: a daemon beside it goes on meanwhile.
Result<std::size_t> DropAllOf(Ledger* ledger, const std::string& rule,
                              const std::string& by, Timestamp now);

// Of one delivery, oldest first.
Result<std::vector<Ruling>> RulingsOf(Ledger* ledger, const std::string& key);

}  // namespace premura
