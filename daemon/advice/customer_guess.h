// SPDX-License-Identifier: Apache-2.0
// Where records have their customer, name and time, if not where these are
// looked for: guesses, by the names of their fields.

#pragma once

#include <string>
#include <vector>

#include "signals/event_decoder.h"

namespace premura {

// "customer_id", "user.id"; empty: no name speaks of a customer.
std::string GuessCustomerField(const std::vector<std::string>& records);

// "there is `Customer`, and no `customer`: ..", where a field is one that each
// event must have but for its spelling; empty: there is none.
std::string AdviceOnSpelling(const std::vector<std::string>& records,
                             const DecoderOptions& decoder);

}  // namespace premura
