// SPDX-License-Identifier: Apache-2.0
// In which time zone a customer lives, as far as their profile tells.

#pragma once

#include <array>
#include <string>
#include <string_view>

#include "signals/profile.h"

namespace premura {

// Where a profile names a zone, the first that is one counts.
inline constexpr std::array<const char*, 2> kZonePaths = {"timezone",
                                                          "account.timezone"};

// The customer's zone, else the account's, else that of the country if it has
// one only; empty: none is known. What is no zone is passed over: the next may
// know better.
std::string ZoneOf(const Profile& profile);
// Whether this path of a profile has a part in that.
bool TellsZone(std::string_view path);

}  // namespace premura
