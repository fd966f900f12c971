// SPDX-License-Identifier: Apache-2.0
#include "signals/zones.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "signals/customer_zone.h"
#include "tests/support/said.h"

namespace premura {
namespace {

TEST(Zones, AreKnownByTheirNames) {
  for (const char* zone : {"Europe/Rome", "Etc/UTC", "UTC", "Asia/Kolkata"}) {
    EXPECT_TRUE(IsKnownZone(zone)) << zone;
  }
  for (const char* zone :
       {"", "Rome", "Europe/Atlantis", "../zone.tab", "/etc/passwd", "\n"}) {
    EXPECT_FALSE(IsKnownZone(zone)) << zone;
  }
}

TEST(Zones, AreThoseOfACountryThatHasOneOnly) {
  EXPECT_EQ(ZoneOfCountry("IT"), "Europe/Rome");
  EXPECT_EQ(ZoneOfCountry("NO"), "Europe/Oslo");
  EXPECT_EQ(ZoneOfCountry("IN"), "Asia/Kolkata");
  EXPECT_EQ(ZoneOfCountry("it"), "Europe/Rome");
  for (const char* country : {"US", "DE", "", "XX", "Italy", "#"}) {
    EXPECT_EQ(ZoneOfCountry(country), "") << country;
  }
  for (const char* country : {"IT", "it", "US", "DE", "GB"}) {
    EXPECT_TRUE(IsCountry(country)) << country;
  }
  for (const char* other : {"", "XX", "UK", "ITA", "Italy", "#"}) {
    EXPECT_FALSE(IsCountry(other)) << other;
  }
}

TEST(Zones, OfACustomerAreTakenFromWhatIsKnown) {
  struct Known {
    Profile::Values values;
    std::string zone;
  };
  const std::vector<Known> cases = {
      {{}, ""},
      {{{"timezone", "\"Asia/Tokyo\""}, {"country", "\"IT\""}}, "Asia/Tokyo"},
      {{{"account.timezone", "\"Asia/Tokyo\""}, {"country", "\"IT\""}},
       "Asia/Tokyo"},
      {{{"timezone", "\"Nowhere/Land\""}, {"country", "\"IT\""}},
       "Europe/Rome"},
      {{{"timezone", "\"europe/paris\""}, {"account.country", "\"IT\""}},
       "Europe/Rome"},
      {{{"country", "\"US\""}}, ""},
  };
  for (const Known& one : cases) {
    ProfileStore profiles;
    profiles.Restore("acme", SaidOnce(one.values));
    EXPECT_EQ(ZoneOf(*profiles.Get("acme")), one.zone);
  }
  for (const char* path :
       {"timezone", "account.timezone", "country", "account.country"}) {
    EXPECT_TRUE(TellsZone(path)) << path;
  }
  EXPECT_FALSE(TellsZone("account"));
}

TEST(Zones, FormatByTheClockOnTheWall) {
  const Timestamp at = *ParseInstant("2026-07-01T22:05:59Z");
  EXPECT_EQ(FormatLocal("Europe/Rome", at), "2026-07-02 00:05");
  EXPECT_EQ(FormatLocal("Asia/Kolkata", at), "2026-07-02 03:35");
}

// Beirut puts the clock forward at midnight, Havana back over it.
TEST(Zones, ADayBeginsWhenItsFirstInstantIs) {
  struct Case {
    const char* zone;
    const char* day;
    const char* begins;
  };
  const Case cases[] = {
      {"Etc/UTC", "2026-01-11", "2026-01-11T00:00:00.000Z"},
      {"Europe/Rome", "2026-01-11", "2026-01-10T23:00:00.000Z"},
      {"Europe/Rome", "2026-07-11", "2026-07-10T22:00:00.000Z"},
      {"Asia/Beirut", "2021-03-28", "2021-03-27T22:00:00.000Z"},
      {"America/Havana", "2021-11-07", "2021-11-07T04:00:00.000Z"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(FormatInstant(StartOfDay(test.zone, *ParseDate(test.day))),
              test.begins)
        << test.zone << " " << test.day;
  }
}

}  // namespace
}  // namespace premura
