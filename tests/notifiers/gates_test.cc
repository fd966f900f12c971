// SPDX-License-Identifier: Apache-2.0
#include "notifiers/gates.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/said.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

Timestamp At(const char* text) { return *ParseInstant(text); }

const Timestamp kNow = At("2026-03-10T10:00:00Z");  // A Tuesday.

struct Fixture {
  Fixture() {
    candidate.customer = "acme";
    candidate.channel = "email";
    candidate.rule = "page-loop";
    candidate.category = "service";
    candidate.priority = 50;
    candidate.detected_at = kNow;
    candidate.address = "marta@example.com";
  }

  void Know(const Profile::Values& values) {
    profile = std::make_unique<Profile>(Profile::Values(), SaidOnce(values));
    candidate.profile = profile.get();
  }

  // "send", "hold quiet_hours", "suppress cooldown"
  std::string Ask(bool at_send_time = false) {
    verdict = Decide(candidate, policy, kNow, at_send_time);
    std::string words(ToString(verdict.kind));
    if (verdict.reason != Reason::kNone) {
      words += " ";
      words += ToString(verdict.reason);
    }
    return words;
  }

  std::unique_ptr<Profile> profile;
  Candidate candidate;
  RestraintPolicy policy;
  Verdict verdict;
};

TEST(Gates, LetThroughWhereNothingStandsInTheWay) {
  Fixture f;
  EXPECT_EQ(f.Ask(), "send");
  EXPECT_EQ(f.Ask(true), "send");
}

TEST(Gates, SimulationIsDecidedButNeverSent) {
  Fixture f;
  f.candidate.simulation = true;
  EXPECT_EQ(f.Ask(), "suppress simulation");
  EXPECT_EQ(f.verdict.detail, "would be sent");
  f.candidate.delay = minutes(5);
  EXPECT_EQ(f.Ask(), "suppress simulation");
  EXPECT_EQ(f.verdict.detail, "would be held by delay");
  f.candidate.address.clear();
  EXPECT_EQ(f.Ask(), "suppress simulation");
  EXPECT_EQ(f.verdict.detail, "would be suppressed by no_address");
}

TEST(Gates, StopAllHoldsWithoutEnd) {
  Fixture f;
  f.candidate.stop_all = true;
  for (const bool at_send_time : {false, true}) {
    EXPECT_EQ(f.Ask(at_send_time), "hold stop_all");
    EXPECT_FALSE(f.verdict.until);
  }
}

TEST(Gates, AHoldWithoutEndDoesNotMakeTheDelayBeForgotten) {
  Fixture f;
  f.candidate.stop_all = true;
  f.candidate.delay = minutes(5);
  EXPECT_EQ(f.Ask(), "hold delay");
  EXPECT_TRUE(f.verdict.until);
  // Asked again when it is over, the switch holds on.
  EXPECT_EQ(f.Ask(true), "hold stop_all");
}

TEST(Gates, WhatSuppressesBeatsWhatHolds) {
  Fixture f;
  f.candidate.stop_all = true;
  f.candidate.only_if_holds = false;
  EXPECT_EQ(f.Ask(), "suppress only_if");
}

TEST(Gates, AChannelThatIsNotConfiguredSuppresses) {
  Fixture f;
  f.candidate.channel_missing = true;
  f.candidate.stop_all = true;
  EXPECT_EQ(f.Ask(), "suppress channel_missing");
}

TEST(Gates, WhatCannotChangeIsNotAskedAgain) {
  Fixture f;
  f.candidate.channel_missing = true;
  f.candidate.only_if_holds = false;
  f.candidate.holdout = 1;
  f.candidate.cooldown = days(7);
  f.candidate.last_of_rule = kNow - days(1);
  f.candidate.delay = minutes(5);
  EXPECT_EQ(f.Ask(true), "send");
}

struct ConsentCase {
  std::string channel, category;
  Profile::Values profile;
  std::string expected;
};

TEST(Gates, ConsentFollowsTheNarrowestWord) {
  const std::string refused = "suppress no_consent";
  const std::vector<ConsentCase> cases = {
      {"email", "service", {}, "send"},
      {"email", "service", {{"consent.email", "true"}}, "send"},
      {"email", "service", {{"consent.email", "false"}}, refused},
      {"email", "service", {{"consent.email", "\"no\""}}, refused},
      {"email", "service", {{"consent.email", "\"Yes\""}}, "send"},
      {"email", "service", {{"consent.email", "\"perhaps\""}}, refused},
      {"email", "service", {{"consent.email", "null"}}, "send"},
      {"email", "service", {{"consent.email", "\"\""}}, "send"},
      {"email", "service", {{"consent.sms", "false"}}, "send"},
      {"email", "marketing", {}, refused},
      {"email", "marketing", {{"consent.email", "true"}}, "send"},
      {"email",
       "marketing",
       {{"consent.email", "true"}, {"consent.email.marketing", "false"}},
       refused},
      {"email",
       "service",
       {{"consent.email", "false"}, {"consent.email.service", "true"}},
       "send"},
      {"email", "newsletter", {}, refused},
      {"ticket", "marketing", {{"consent.ticket", "false"}}, "send"},
      // Other words and other places.
      {"email", "service", {{"consent", "false"}}, refused},
      {"email", "service", {{"consent", "\"no\""}}, refused},
      {"email", "service", {{"consent.service", "\"no\""}}, refused},
      {"email", "service", {{"Consent.email", "\"no\""}}, refused},
      {"email", "service", {{"consent.Email", "\"no\""}}, refused},
      {"email", "service", {{" consent.email ", "\" No \""}}, refused},
      {"email", "service", {{"consent.any", "\"no\""}}, refused},
      {"email", "service", {{"consent.email.granted", "false"}}, refused},
      {"email", "service", {{"consent.email", "[\"no\"]"}}, refused},
      {"email", "service", {{"consent.email", "[]"}}, refused},
      {"email", "service", {{"consent_email", "0"}}, refused},
      {"email", "service", {{"consents.mail", "\"?\""}}, refused},
      {"email",
       "service",
       {{"consent.email", "true"}, {"Consent.Email", "false"}},
       refused},
      {"email",
       "service",
       {{"consent.email", "true"}, {"consent", "false"}},
       refused},
      // Of something else, or of nothing.
      {"email", "service", {{"consent.marketing", "false"}}, "send"},
      {"email", "service", {{"consent.email.marketing", "false"}}, "send"},
      {"email", "service", {{"consent.SMS.granted", "false"}}, "send"},
      {"email", "service", {{"consent", "{}"}}, "send"},
      {"email", "service", {{"account.consent", "false"}}, "send"},
      // No permission either.
      {"email", "marketing", {{"consent", "true"}}, refused},
      {"email", "marketing", {{"consent.email.granted", "true"}}, refused},
      {"email", "marketing", {{"Consent.Email", "true"}}, "send"},
  };
  for (const ConsentCase& one : cases) {
    Fixture f;
    f.candidate.channel = one.channel;
    f.candidate.category = one.category;
    f.Know(one.profile);
    EXPECT_EQ(f.Ask(), one.expected)
        << one.channel << " " << one.category << " " << one.profile.size();
    EXPECT_EQ(f.Ask(true), one.expected);
  }
}

TEST(Gates, ConsentPolicyOfACategoryCanBeConfigured) {
  Fixture f;
  f.policy.consent["service"] = ConsentPolicy::kOnlyIfGiven;
  EXPECT_EQ(f.Ask(), "suppress no_consent");
  EXPECT_EQ(f.verdict.detail, "service needs a consent, none is given");
  f.Know({{"consent.email", "false"}});
  EXPECT_EQ(f.Ask(), "suppress no_consent");
  EXPECT_EQ(f.verdict.detail, "consent.email is refused");
}

struct AddressCase {
  std::string channel, address, expected;
};

TEST(Gates, AnAddressMustBeOne) {
  const std::string bad = "suppress bad_address";
  const std::vector<AddressCase> cases = {
      {"email", "", "suppress no_address"},
      {"email", "marta@example.com", "send"},
      {"email", "marta", bad},
      {"email", "a@example.com,b@example.com", bad},
      {"email", "a@b@example.com", bad},
      {"email", "a@example.com\r\nBcc: x@example.com", bad},
      {"sms", "", "suppress no_address"},
      {"sms", "+393331234567", "send"},
      {"sms", "333 1234567", bad},
      {"sms", "+39", bad},
  };
  for (const AddressCase& one : cases) {
    Fixture f;
    f.candidate.channel = one.channel;
    f.candidate.address = one.address;
    EXPECT_EQ(f.Ask(), one.expected) << one.address;
    EXPECT_EQ(f.verdict.detail.find("example"), std::string::npos);
  }
  Fixture ticket;
  ticket.candidate.channel = "ticket";
  ticket.candidate.address.clear();
  ticket.candidate.address_needed = false;
  EXPECT_EQ(ticket.Ask(), "send");
}

TEST(Gates, HoldoutLeavesAShareOfCustomersAloneAndAlwaysTheSame) {
  Fixture f;
  f.candidate.holdout = 0.1;
  int left_alone = 0;
  for (int i = 0; i < 5000; ++i) {
    f.candidate.customer = "customer-" + std::to_string(i);
    const std::string first = f.Ask();
    EXPECT_EQ(f.Ask(), first);
    if (first == "suppress holdout") ++left_alone;
  }
  EXPECT_GT(left_alone, 400);
  EXPECT_LT(left_alone, 600);
}

TEST(Gates, CooldownIsMeasuredFromTheContactToTheDetection) {
  Fixture f;
  f.candidate.cooldown = days(7);
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.last_of_rule = kNow - days(7) + Duration(1);
  EXPECT_EQ(f.Ask(), "suppress cooldown");
  EXPECT_EQ(f.verdict.detail,
            "7d since 2026-03-03 10:00 UTC, until 2026-03-10 10:00 UTC");
  f.candidate.last_of_rule = kNow - days(7);
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.last_of_rule = kStillToCome;
  EXPECT_EQ(f.Ask(), "suppress cooldown");
  EXPECT_EQ(f.verdict.detail, "7d from a contact that waits to go out");
  f.candidate.cooldown.reset();
  f.candidate.last_of_rule = kNow;
  EXPECT_EQ(f.Ask(), "send");
}

// What is told of a customer is told by one clock: theirs, which is named.
TEST(Gates, InstantsInWordsAreOnTheCustomersClock) {
  // Half an hour before midnight in UTC it is the next day in Rome.
  const Timestamp last = *ParseInstant("2026-03-09T23:30:00Z");
  const struct {
    const char* zone;
    const char* missing;  // `timezone_missing`
    const char* cooldown;
    const char* cap;
    const char* expired;
  } cases[] = {
      {"\"Europe/Rome\"", "hold",
       "1d since 2026-03-10 00:30 Europe/Rome, until 2026-03-11 00:30 "
       "Europe/Rome",
       "2/7d: 2026-03-10 00:30 Europe/Rome, r waiting",
       "worth sending until 2026-03-10 00:31 Europe/Rome"},
      {"", "America/New_York",
       "1d since 2026-03-09 19:30 America/New_York, until 2026-03-10 19:30 "
       "America/New_York",
       "2/7d: 2026-03-09 19:30 America/New_York, r waiting",
       "worth sending until 2026-03-09 19:31 America/New_York"},
      {"", "hold", "1d since 2026-03-09 23:30 UTC, until 2026-03-10 23:30 UTC",
       "2/7d: 2026-03-09 23:30 UTC, r waiting",
       "worth sending until 2026-03-09 23:31 UTC"},
  };
  for (const auto& test : cases) {
    Fixture f;
    if (*test.zone != 0) f.Know({{"timezone", test.zone}});
    f.policy.timezone_missing = test.missing;
    f.candidate.cooldown = days(1);
    f.candidate.last_of_rule = last;
    EXPECT_EQ(f.Ask(), "suppress cooldown");
    EXPECT_EQ(f.verdict.detail, test.cooldown);
    f.candidate.cooldown.reset();
    f.policy.frequency_cap["email"] = {2, days(7)};
    f.candidate.contacts = {{"1", "q", "email", last, false, 50},
                            {"2", "r", "email", {}, true, 50}};
    EXPECT_EQ(f.Ask(), "suppress frequency_cap");
    EXPECT_EQ(f.verdict.detail, test.cap);
    f.candidate.contacts.clear();
    f.candidate.detected_at = last;
    f.candidate.expires_after = minutes(1);
    EXPECT_EQ(f.Ask(), "suppress expired");
    EXPECT_EQ(f.verdict.detail, test.expired);
  }
}

TEST(Gates, DelayHoldsOnce) {
  Fixture f;
  f.candidate.delay = minutes(10);
  EXPECT_EQ(f.Ask(), "hold delay");
  EXPECT_EQ(f.verdict.until, kNow + minutes(10));
  EXPECT_EQ(f.Ask(true), "send");
}

TEST(Gates, ExpiryIsAskedByTheTimeItCouldGoOut) {
  Fixture f;
  f.candidate.expires_after = hours(1);
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.detected_at = kNow - hours(1);
  EXPECT_EQ(f.Ask(), "suppress expired");
  EXPECT_EQ(f.Ask(true), "suppress expired");
  EXPECT_EQ(f.verdict.detail, "worth sending until 2026-03-10 10:00 UTC");
  f.candidate.detected_at = kNow;
  f.candidate.delay = hours(2);
  EXPECT_EQ(f.Ask(), "suppress expired");
}

TEST(Gates, ACancelledOneIsNotSent) {
  Fixture f;
  f.candidate.cancelled = true;
  EXPECT_EQ(f.Ask(), "suppress cancelled");
  EXPECT_EQ(f.Ask(true), "suppress cancelled");
}

TEST(Gates, QuietHoursHoldUntilTheyEndInTheCustomersZone) {
  Fixture f;
  f.policy.quiet_hours["email"].spans = {{20 * 60, 9 * 60}};
  f.Know({{"timezone", "\"America/New_York\""}});  // 06:00 there.
  EXPECT_EQ(f.Ask(), "hold quiet_hours");
  EXPECT_EQ(f.verdict.until, At("2026-03-10T13:00:00Z"));
  f.Know({{"timezone", "\"Europe/Rome\""}});  // 11:00 there.
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.channel = "sms";
  f.candidate.address = "+393331234567";
  f.Know({{"timezone", "\"America/New_York\""}});
  EXPECT_EQ(f.Ask(), "send") << "no quiet hours for this channel";
}

TEST(Gates, QuietHoursAreAskedForTheTimeAfterTheDelay) {
  Fixture f;
  f.policy.quiet_hours["email"].spans = {{12 * 60, 13 * 60}};
  f.Know({{"timezone", "\"Etc/UTC\""}});
  f.candidate.delay = hours(2);
  EXPECT_EQ(f.Ask(), "hold quiet_hours");
  EXPECT_EQ(f.verdict.until, At("2026-03-10T13:00:00Z"));
  f.candidate.delay = hours(4);
  EXPECT_EQ(f.Ask(), "hold delay");
}

TEST(Gates, AnUnknownZoneIsTheSafeSide) {
  for (const char* zone : {"", "\"Mars/Olympus\"", "\"../../etc/passwd\""}) {
    Fixture f;
    f.policy.quiet_hours["email"].spans = {{20 * 60, 9 * 60}};
    if (*zone != 0) f.Know({{"timezone", zone}});
    EXPECT_EQ(f.Ask(), "hold timezone_missing") << zone;
    EXPECT_EQ(f.verdict.detail,
              *zone == 0
                  ? "no time zone is known of this customer"
                  : "`" + std::string(zone).substr(1, std::strlen(zone) - 2) +
                        "` is no time zone");
    EXPECT_FALSE(f.verdict.until);
    f.policy.timezone_missing = "Asia/Tokyo";  // 19:00 there.
    EXPECT_EQ(f.Ask(), "send");
    f.policy.timezone_missing = "America/New_York";
    EXPECT_EQ(f.Ask(), "hold quiet_hours");
  }
  Fixture no_quiet_hours;
  EXPECT_EQ(no_quiet_hours.Ask(), "send");
}

TEST(Gates, ARulesOwnQuietHoursTightenAndCriticalOnesReplace) {
  Fixture f;
  f.policy.timezone_missing = "Etc/UTC";
  f.policy.quiet_hours["email"].spans = {{8 * 60, 11 * 60}};
  f.candidate.rule_quiet_hours["email"].spans = {{11 * 60, 12 * 60}};
  EXPECT_EQ(f.Ask(), "hold quiet_hours");
  EXPECT_EQ(f.verdict.until, At("2026-03-10T12:00:00Z"));
  f.candidate.critical = true;
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.rule_quiet_hours["email"] = QuietHours();  // `none`
  EXPECT_EQ(f.Ask(), "send");
  f.candidate.critical = false;
  EXPECT_EQ(f.Ask(), "hold quiet_hours");
  EXPECT_EQ(f.verdict.until, At("2026-03-10T11:00:00Z"));
}

TEST(Gates, WhatIsAlwaysQuietIsHeldWithoutEnd) {
  Fixture f;
  f.policy.timezone_missing = "Etc/UTC";
  f.policy.quiet_hours["email"].quiet_days = 0x7f;
  EXPECT_EQ(f.Ask(), "hold quiet_hours");
  EXPECT_FALSE(f.verdict.until);
}

TEST(Gates, EveryVerdictHasItsWord) {
  EXPECT_EQ(ToString(Verdict::Kind::kSend), "send");
  EXPECT_EQ(ToString(Verdict::Kind::kHold), "hold");
  EXPECT_EQ(ToString(Verdict::Kind::kSuppress), "suppress");
}

}  // namespace
}  // namespace premura
