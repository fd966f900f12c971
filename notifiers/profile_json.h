// SPDX-License-Identifier: Apache-2.0
// A layer of a profile as one JSON object, path -> value, for the ledger.

#pragma once

#include <string>
#include <string_view>

#include "rules/result.h"
#include "signals/profile.h"

namespace premura {

std::string ProfileToJson(const Profile::Values& values);
// Values keep their spelling.
Result<Profile::Values> ProfileFromJson(std::string_view json);

}  // namespace premura
