// SPDX-License-Identifier: Apache-2.0
// Where records name their customer, if not where it is looked for: a guess, by
// the names of their fields.

#pragma once

#include <string>
#include <vector>

namespace premura {

// "customer_id", "user.id"; empty: no name speaks of a customer.
std::string GuessCustomerField(const std::vector<std::string>& records);

}  // namespace premura
