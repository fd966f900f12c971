// SPDX-License-Identifier: Apache-2.0
// How far a rule is, said to a support lead in one sentence: what it has, what
// it waits for, until when.

#pragma once

#include <string>

#include "notifiers/local_times.h"
#include "signals/standing.h"

namespace premura {

// "2 of 3 page_viewed within 15m; 1 more before 14:05 fires it".
std::string InWords(const Rule& rule, const Symbols& symbols,
                    const Standing& standing, const LocalTimes& times);

// "page_viewed at 13:58: wanted page: /billing, page is "/pricing"".
std::string InWords(const Miss& miss, const LocalTimes& times);

// "wanted tier: pro, tier is not there".
std::string InWords(const Mismatch& mismatch);

}  // namespace premura
