// SPDX-License-Identifier: Apache-2.0
// What waits for a person, and what becomes of it by a person's word.

#include "notifiers/ruling.h"

#include <gtest/gtest.h>

#include "notifiers/explain.h"
#include "signals/zones.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kRules[] = R"(
  - id: mail
    title: Mail
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    expires_after: 2d
    cancel_on: [{event: invoice_paid}]
    actions: [{email: {template: help}}]
  - id: ticket
    title: Ticket
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{ticket: {template: help}}]
)";

class RulingTest : public testing::Test, protected OutreachWorld {
 protected:
  // A mail that may have arrived.
  std::string InDoubt() {
    email->Next({"unknown_after"});
    return Fire("mail", "acme");
  }

  std::vector<std::string> Waiting() {
    std::vector<std::string> keys;
    const auto ledger = Reader();
    auto found = Outbox(ledger->database()).ForPerson(100);
    EXPECT_TRUE(found.ok());
    for (const Delivery& one : found.value()) keys.push_back(one.key);
    return keys;
  }

  // "" if it went well.
  std::string Say(const std::vector<std::string>& keys, RulingWord word) {
    auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
    EXPECT_TRUE(ledger.ok());
    const Status said = SayOf(ledger.value().get(), keys, word, "anna", now);
    return said.ok() ? "" : said.error().message;
  }

  std::size_t Drop(const std::string& rule) {
    auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
    return DropAllOf(ledger.value().get(), rule, "anna", now).value();
  }

  std::string Key(const std::string& id) { return Get(id, "email").key; }

  std::string Told() {
    return ToText(Explain(Reader().get(), {"acme", "", 50, {}}).value());
  }
};

TEST_F(RulingTest, WhatIsInDoubtAndCannotBeAskedForWaitsForAPerson) {
  Start(kRules);
  const std::string id = InDoubt();
  desk->Next({"unknown_before"});
  Fire("ticket", "acme");  // The desk can be asked.
  EXPECT_EQ(Waiting(), std::vector<std::string>{Key(id)});
  const Timestamp since = now;
  Pass(hours(1));
  const auto counted = core->health().for_person;
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted.at("unknown").count, 1U);
  EXPECT_EQ(counted.at("unknown").since, since);
  EXPECT_EQ(Say({Key(id)}, RulingWord::kDropped), "");
  Pass(seconds(10));
  EXPECT_TRUE(core->health().for_person.empty());
}

TEST_F(RulingTest, AReleasedOneGoesWithTheSameBytesUnderTheSameKey) {
  Start(kRules);
  const std::string id = InDoubt();
  Pass(hours(1));
  ASSERT_EQ(email->deliveries.size(), 1U) << "never by itself";
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
  ASSERT_EQ(email->deliveries.size(), 2U);
  EXPECT_EQ(ToJson(email->deliveries[0]), ToJson(email->deliveries[1]));
  EXPECT_TRUE(Waiting().empty());
  EXPECT_NE(Told().find("; released 2026-03-10 11:00:00 UTC by anna"),
            std::string::npos)
      << Told();
}

TEST_F(RulingTest, AReleaseIsGoodForOneCall) {
  Start(kRules);
  email->Next({"unknown_after", "retry", "unknown_after"});
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(minutes(1));  // Surely not arrived: tried again by itself.
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "unknown unknown_outcome");
  Pass(hours(1));
  EXPECT_EQ(email->deliveries.size(), 3U);
  EXPECT_EQ(Waiting(), std::vector<std::string>{Key(id)});
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(RulingTest, WhatExpiredOrWasTakenBackDoesNotGoAllTheSame) {
  Start(kRules);
  const std::string late = InDoubt();
  Pass(days(3));
  EXPECT_EQ(Say({Key(late)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(late, "email"), "unknown expired");
  EXPECT_EQ(Waiting(), std::vector<std::string>{Key(late)});

  const std::string paid = InDoubt();
  Cancel("mail", "acme");
  EXPECT_EQ(Say({Key(paid)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(paid, "email"), "unknown cancelled");
  EXPECT_EQ(email->deliveries.size(), 2U);
}

TEST_F(RulingTest, AReleasedOneWaitsForTheEndOfQuietHours) {
  Start(kRules);
  const std::string id = InDoubt();
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Use();
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "unknown quiet_hours");
  EXPECT_TRUE(Waiting().empty()) << "it goes by itself";
  EXPECT_EQ(Say({Key(id)}, RulingWord::kDropped),
            "delivery " + Key(id) +
                " is still being looked into, next at 2026-03-10 12:00:00 UTC");
  Pass(hours(2));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(RulingTest, WhoReleasesNeedsNoTimeZone) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(kRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(State(id, "email"), "held timezone_missing");
  EXPECT_EQ(Waiting(), std::vector<std::string>{Key(id)});
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(RulingTest, ADroppedOneNeverGoesAndMayHaveArrived) {
  Start(kRules);
  const std::string id = InDoubt();
  const Timestamp tried = now;
  Pass(hours(1));
  EXPECT_EQ(Say({Key(id)}, RulingWord::kDropped), "");
  Pass(days(1));
  EXPECT_EQ(State(id, "email"), "suppressed dropped");
  EXPECT_EQ(email->deliveries.size(), 1U);
  const auto ledger = Reader();
  const auto contacts =
      Outbox(ledger->database())
          .Contacts("acme", ContactScope::kOutside, tried - seconds(1));
  ASSERT_EQ(contacts.value().size(), 1U) << "it counts for caps";
  EXPECT_EQ(contacts.value()[0].at, tried);
  EXPECT_NE(Told().find("suppressed; dropped 2026-03-10 11:00:00 UTC by anna"),
            std::string::npos)
      << Told();
  const std::string json =
      ToJson(Explain(Reader().get(), {"acme", "", 50, {}}).value());
  EXPECT_NE(json.find(R"("rulings":[{"at":"2026-03-10T11:00:00.000Z",)"
                      R"("word":"dropped","by":"anna"}])"),
            std::string::npos)
      << json;
}

TEST_F(RulingTest, OneThatWasNeverTriedCountsForNothingOnceDropped) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(kRules);
  const std::string id = Fire("mail", "acme");
  EXPECT_EQ(Say({Key(id)}, RulingWord::kDropped), "");
  const auto ledger = Reader();
  EXPECT_TRUE(Outbox(ledger->database())
                  .Contacts("acme", ContactScope::kOutside, {})
                  .value()
                  .empty());
}

TEST_F(RulingTest, OneThatSurelyDidNotArriveCountsForNothingOnceDropped) {
  email->Next({"retry"});
  Start(kRules);
  const std::string id = Fire("mail", "acme");
  ASSERT_EQ(State(id, "email"), "retry unreachable");
  EXPECT_EQ(Drop("mail"), 1U);
  EXPECT_EQ(State(id, "email"), "suppressed dropped");
  const auto ledger = Reader();
  EXPECT_TRUE(Outbox(ledger->database())
                  .Contacts("acme", ContactScope::kOutside, {})
                  .value()
                  .empty());
}

TEST_F(RulingTest, AReleaseIsGoodUntilItHasBeenRepeated) {
  Start(kRules);
  const std::string id = InDoubt();
  email->Next({"retry"});
  EXPECT_EQ(Say({Key(id)}, RulingWord::kReleased), "");
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "unknown unreachable");
  Pass(minutes(1));
  EXPECT_EQ(State(id, "email"), "sent delivered");
}

TEST_F(RulingTest, AllThatWaitsOfARuleIsDroppedAndWhatMayHaveArrivedStays) {
  Start(kRules);
  const std::string doubt = InDoubt();
  SetStopAll(true);
  Pass(seconds(1));
  const std::string stopped = Fire("mail", "acme");
  const std::string ticket = Fire("ticket", "acme");
  SetStopAll(false);
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Use();
  Pass(seconds(1));
  EXPECT_EQ(State(stopped, "email"), "held quiet_hours");
  EXPECT_EQ(Drop("mail"), 1U);
  EXPECT_EQ(Drop("mail"), 0U);
  EXPECT_EQ(Drop("nothing"), 0U);
  Pass(hours(3));
  EXPECT_EQ(State(stopped, "email"), "suppressed dropped");
  EXPECT_EQ(State(doubt, "email"), "unknown unknown_outcome");
  EXPECT_EQ(State(ticket, "ticket"), "sent delivered") << "of another rule";
  EXPECT_NE(Told().find("; dropped 2026-03-10 10:00:02 UTC by anna"),
            std::string::npos)
      << Told();
}

TEST_F(RulingTest, HowLongItWaitsIsKeptOverARestart) {
  settings->restraint.timezone_missing = "hold";
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Start(kRules);
  const std::string id = Fire("mail", "acme");
  const Timestamp since = now;
  now += hours(1);
  Restart();
  Pass(seconds(1));
  EXPECT_EQ(State(id, "email"), "held timezone_missing");
  EXPECT_EQ(Get(id, "email").changed_at, since);
}

TEST_F(RulingTest, WhatDoesNotWaitForAPersonIsRefusedAndNothingIsDone) {
  Start(kRules);
  const std::string doubt = InDoubt();
  const std::string sent = Fire("mail", "acme");
  desk->Next({"unknown_before"});
  const std::string unsure = Fire("ticket", "acme");
  const std::string asked = Get(unsure, "ticket").key;
  SetStopAll(true);
  Pass(seconds(1));
  const std::string stopped = Key(Fire("mail", "acme"));
  struct Refused {
    std::string key;
    RulingWord word;
    std::string message;
  };
  for (const auto& [key, word, message] : std::vector<Refused>{
           {Key(sent), RulingWord::kReleased,
            " is sent: only what `premura held` lists can be released"},
           {Key(sent), RulingWord::kDropped,
            " is sent: only what `premura held` lists can be dropped"},
           {Key(sent), RulingWord::kLost,
            " is sent: only what is unknown can be settled"},
           {asked, RulingWord::kLost,
            " is still being looked into, next at " +
                FormatUtc(*Get(unsure, "ticket").due_at)},
           {stopped, RulingWord::kArrived,
            " is held: only what is unknown can be settled"},
           {stopped, RulingWord::kReleased,
            " is held by stop_all: `premura stop-all off` lets it go"}}) {
    EXPECT_EQ(Say({key}, word), "delivery " + key + message);
  }
  EXPECT_EQ(Say({"nowhere", Key(doubt), Key(sent)}, RulingWord::kDropped),
            "there is no delivery nowhere\ndelivery " + Key(sent) +
                " is sent: only what `premura held` lists can be dropped")
      << "all at once";
  EXPECT_EQ(State(doubt, "email"), "unknown unknown_outcome");
  EXPECT_EQ(Count("rulings"), 0);
  SetStopAll(false);
  settings->restraint.quiet_hours["email"].spans = {{9 * 60, 12 * 60}};
  Use();
  Pass(seconds(1));
  EXPECT_EQ(
      Say({stopped}, RulingWord::kReleased),
      "delivery " + stopped + " is held by quiet_hours and goes by itself");
}

TEST_F(RulingTest, IsForgottenWithItsDelivery) {
  Start(kRules);
  EXPECT_EQ(Say({Key(InDoubt())}, RulingWord::kDropped), "");
  Pass(days(401));
  EXPECT_EQ(Count("rulings"), 0);
  EXPECT_EQ(Count("detections"), 0);
}

}  // namespace
}  // namespace premura
