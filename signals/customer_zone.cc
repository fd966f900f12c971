// SPDX-License-Identifier: Apache-2.0

#include "signals/customer_zone.h"

#include <algorithm>

#include "signals/zones.h"

namespace premura {

namespace {

constexpr std::array<const char*, 2> kCountryPaths = {"country",
                                                      "account.country"};

}  // namespace

std::string ZoneOf(const Profile& profile) {
  for (const char* path : kZonePaths) {
    std::string zone(profile.Text(path));
    if (IsKnownZone(zone)) return zone;
  }
  for (const char* path : kCountryPaths) {
    std::string zone = ZoneOfCountry(std::string(profile.Text(path)));
    if (!zone.empty()) return zone;
  }
  return "";
}

bool TellsZone(std::string_view path) {
  const auto is = [path](const char* one) { return path == one; };
  return std::any_of(kZonePaths.begin(), kZonePaths.end(), is) ||
         std::any_of(kCountryPaths.begin(), kCountryPaths.end(), is);
}

}  // namespace premura
