// SPDX-License-Identifier: Apache-2.0
// A customer's record: what all rules have seen of one customer.

#pragma once

#include <cstdint>
#include <string_view>

#include "rules/result.h"
#include "signals/customer.h"
#include "signals/record_writer.h"
#include "signals/watch_index.h"

namespace premura {

void WriteCustomer(const Customer& customer, const WatchIndex& index,
                   RecordWriter* to);

// Reads all but the name into `*customer`, a new one. Its timers are not set
// yet: a state that was held has kHeld as `queued`, the others kNever. Counts
// the tracks whose rule is not there any more. After a failure `*customer` has
// no tracks.
[[nodiscard]] Status ReadCustomer(std::string_view record,
                                  const WatchIndex& index, Customer* customer,
                                  std::uint64_t* left_out);

// Whether the record has states of rules that `index` does not have.
bool HasOthers(std::string_view record, const WatchIndex& index);

// Deletes what tracks there are. REQUIRES: no timers of theirs.
void DropTracks(const WatchIndex& index, Customer* customer);

}  // namespace premura
