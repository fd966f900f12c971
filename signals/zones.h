// SPDX-License-Identifier: Apache-2.0
// Time zones. Pure functions of the system's time zone data; thread-safe.

#pragma once

#include <optional>
#include <string>

#include "rules/time.h"

namespace premura {

// "Europe/Rome".
bool IsKnownZone(const std::string& zone);

// "IT", as ISO 3166 has it; "it" too. Where the system has no zone.tab, any.
bool IsCountry(const std::string& country);

// The zone of a country ("IT") that has one and no more; else empty. By the
// system's zone.tab, which gives each country its own zones; zone1970.tab would
// make Oslo Berlin. Read once.
std::string ZoneOfCountry(const std::string& country);

struct LocalTime {
  int minute = 0;        // Of the day, by the clock on the wall.
  unsigned weekday = 0;  // 0 is Sunday.
};

// REQUIRES (of all zones below): IsKnownZone(zone).
LocalTime ToLocal(const std::string& zone, Timestamp at);

// The first instant after `at` at which the clock on the wall shows `minute`
// (0..1440) or passes over it because it is put forward; at the latest the
// next change of the clock, where the same times may come again.
Timestamp NextTimeOfDay(const std::string& zone, Timestamp at, int minute);

// The first instant of that day; where the clock is put forward over midnight,
// the instant of the jump.
Timestamp StartOfDay(const std::string& zone, std::chrono::sys_days day);

// "2026-11-20 09:52".
std::string FormatLocal(const std::string& zone, Timestamp at);

// "2026-11-20 08:52:07 UTC", for those who look after the service.
std::string FormatUtc(Timestamp at);

}  // namespace premura
