// SPDX-License-Identifier: Apache-2.0
// HeldReport: the deliveries that wait for a person, for a terminal or for
// other programs.

#pragma once

#include <string>
#include <vector>

#include "notifiers/outbox.h"

namespace premura {

// A table and what to do about it. `more`: there are others that `deliveries`
// does not hold.
std::string HeldText(const std::vector<Delivery>& deliveries, bool more);
// A JSON list, with a line end; the messages in full, addresses included.
std::string HeldJson(const std::vector<Delivery>& deliveries);

}  // namespace premura
