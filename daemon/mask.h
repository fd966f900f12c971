// SPDX-License-Identifier: Apache-2.0
// Masks addresses in what is logged. Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace premura {

// Every mail address and every number that begins with `+` in `text`, made
// unreadable but still told apart by eye: "marta@example.com" is
// "m***@example.com", "+39 02 1234567" is "+39***67".
std::string MaskAddresses(std::string_view text);

}  // namespace premura
