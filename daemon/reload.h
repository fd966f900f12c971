// SPDX-License-Identifier: Apache-2.0
// What a reload takes over, and what waits for the next start. Pure functions.

#pragma once

#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "rules/rule_set.h"

namespace premura {

// The keys that differ between two configurations and are taken over only at
// the next start: "sources", "http".
std::vector<std::string> NeedRestart(const Config& before, const Config& after);

// `after`, but for what stands below those keys: that stays as it runs.
Config TakenOver(const Config& running, Config after);

// "; added: a, b; changed: c; gone: d": how the rules differ; empty: not at
// all.
std::string WhatChanged(const RuleSet& before, const RuleSet& after);

}  // namespace premura
