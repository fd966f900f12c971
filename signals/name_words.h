// SPDX-License-Identifier: Apache-2.0
// The words that the name of an event or a field is made of.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

// "userEmail", "user-email" and "User Email" are "user", "email".
std::vector<std::string> WordsOf(std::string_view name);

}  // namespace premura
