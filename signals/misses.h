// SPDX-License-Identifier: Apache-2.0
// Which events a rule names and yet passed over, and for want of what. Looked
// for when somebody asks, among the events that are still there.

#pragma once

#include <span>
#include <vector>

#include "signals/event.h"
#include "signals/profile.h"
#include "signals/standing.h"
#include "signals/watch_index.h"

namespace premura {

// `recent` are in order of arrival. Newest first, a few.
std::vector<Miss> FindMisses(const Watcher& watcher, const Symbols& symbols,
                             const ProfileStore& profiles,
                             std::span<const Event* const> recent);

}  // namespace premura
