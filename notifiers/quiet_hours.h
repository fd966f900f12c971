// SPDX-License-Identifier: Apache-2.0
// Quiet hours: when a customer is left in peace, by the clock on their wall.

#pragma once

#include <optional>
#include <span>
#include <string>

#include "notifiers/gates.h"
#include "rules/restraint.h"
#include "rules/time.h"

namespace premura {

// The zone that the profile tells, else the configured one; empty: none is
// known.
std::string ZoneOf(const Profile* profile, const RestraintPolicy& policy);

// Whether `at` is quiet by any of `hours`. REQUIRES: the zone is known.
bool IsQuiet(std::span<const QuietHours> hours, const std::string& zone,
             Timestamp at);

// The first instant from `at` on that is not quiet: `at` itself if it is not.
// nullopt: it is always quiet. REQUIRES: the zone is known.
std::optional<Timestamp> QuietUntil(std::span<const QuietHours> hours,
                                    const std::string& zone, Timestamp at);

}  // namespace premura
