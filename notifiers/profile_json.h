// SPDX-License-Identifier: Apache-2.0
// What events said of a customer as the ledger keeps it: two JSON objects, path
// to value and path to the time when it was said.

#pragma once

#include <string>
#include <string_view>

#include "rules/result.h"
#include "signals/said.h"

namespace premura {

struct ProfileJson {
  std::string facts;    // {"tier": "gold"}
  std::string said_at;  // {"tier": 1767225600000}, ms since the epoch.
};
struct ProfileJsonView {
  std::string_view facts;
  std::string_view said_at;
};

ProfileJson ToJson(const SaidByEvents& said);
// Values keep their spelling. Of what has no time nobody knows when.
Result<SaidByEvents> SaidFromJson(const ProfileJsonView& json);

}  // namespace premura
