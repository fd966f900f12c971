// SPDX-License-Identifier: Apache-2.0
// SHA-256 where something must be the same in every run: keys of deliveries,
// who is in a holdout, jitter.

#pragma once

#include <string>
#include <string_view>

namespace premura {

// Hex, lower case. The parts are told apart: ("ab", "c") is not ("a", "bc").
std::string Digest(std::string_view a, std::string_view b = "",
                   std::string_view c = "", std::string_view d = "");

// The same parts give the same number in [0, 1), evenly spread.
double UnitInterval(std::string_view a, std::string_view b = "",
                    std::string_view c = "", std::string_view d = "");

// "pre-" and 20 hex digits, from what makes a delivery this one.
std::string DeliveryKey(std::string_view installation,
                        std::string_view detection, std::string_view channel,
                        int action);

}  // namespace premura
