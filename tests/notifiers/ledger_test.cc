// SPDX-License-Identifier: Apache-2.0
#include "notifiers/ledger.h"

#include <gtest/gtest.h>

#include "notifiers/forwarding_database.h"
#include "notifiers/limits_json.h"
#include "notifiers/migrations.h"
#include "notifiers/outbox.h"
#include "notifiers/profile_json.h"
#include "tests/notifiers/support/ledger_place.h"

namespace premura {
namespace {

class LedgerTest : public testing::Test {
 protected:
  const DatabaseAddress& address() const { return place_.address(); }
  std::unique_ptr<Database> Raw() {
    auto database = OpenDatabase(address(), false);
    EXPECT_TRUE(database.ok());
    return std::move(database).value();
  }
  std::string Problem(Ledger::Access access) {
    const auto ledger = Ledger::Open(address(), access);
    return ledger.ok() ? "" : ledger.error().message;
  }

 private:
  LedgerPlace place_;
};

TEST_F(LedgerTest, OpensTwiceAndKeepsWhatItHolds) {
  {
    auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
    ASSERT_TRUE(ledger.ok());
    ASSERT_TRUE(ledger.value()
                    ->SetStopAll({true, "anna", Timestamp(Duration(7))})
                    .ok());
  }
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  const auto stop_all = ledger.value()->ReadStopAll();
  ASSERT_TRUE(stop_all.ok());
  EXPECT_TRUE(stop_all.value().on);
  EXPECT_EQ(stop_all.value().by, "anna");
  EXPECT_EQ(stop_all.value().since, Timestamp(Duration(7)));
}

// Is locked by somebody else the first times that something is written.
class LockedDatabase final : public ForwardingDatabase {
 public:
  LockedDatabase(std::unique_ptr<Database> base, int* locked)
      : ForwardingDatabase(std::move(base)), locked_(locked) {}

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (sql.starts_with("insert into switches") && (*locked_)-- > 0) {
      return Error{"database is locked"};
    }
    return base()->Run(sql, values, row);
  }

 private:
  int* locked_;
};

TEST_F(LedgerTest, StopAllIsTriedAgainWhileOthersWrite) {
  int locked = 0;
  auto ledger = Ledger::Open(std::make_unique<LockedDatabase>(Raw(), &locked),
                             Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  locked = 5;
  EXPECT_TRUE(ledger.value()->SetStopAll({true, "anna", Timestamp()}).ok());
  EXPECT_TRUE(ledger.value()->ReadStopAll().value().on);
  locked = 1000;
  const Status status =
      ledger.value()->SetStopAll({false, "anna", Timestamp()});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "database is locked");
}

TEST_F(LedgerTest, ASchemaOfANewerProgramIsRefused) {
  ASSERT_EQ(Problem(Ledger::Access::kWrite), "");
  ASSERT_TRUE(
      Raw()->Run("insert into schema_migrations (version) values (99)").ok());
  for (const auto access : {Ledger::Access::kWrite, Ledger::Access::kRead}) {
    EXPECT_NE(Problem(access).find("written by a newer premura"),
              std::string::npos);
  }
}

TEST_F(LedgerTest, AnOlderSchemaIsNotReadBeforeItIsBroughtUpToDate) {
  auto database = Raw();
  ASSERT_TRUE(database
                  ->Script("create table schema_migrations "
                           "(version integer primary key)")
                  .ok());
  EXPECT_NE(
      Problem(Ledger::Access::kRead).find("`premura run` brings it up to date"),
      std::string::npos);
  EXPECT_TRUE(Migrate(database.get()).ok());
  EXPECT_TRUE(CheckSchema(database.get()).ok());
}

TEST_F(LedgerTest, OneThatWasUsedBeforeItKnewStatesHasHadSome) {
  {
    auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
    ASSERT_TRUE(ledger.ok());
    EXPECT_FALSE(ledger.value()->KnowsStates().value());
    ASSERT_TRUE(ledger.value()->AddState("one").ok());
    ASSERT_TRUE(ledger.value()->AddState("one").ok());
    EXPECT_TRUE(ledger.value()->KnowsStates().value());
    ASSERT_TRUE(ledger.value()->PutProfile("ann", {}).ok());
  }
  ASSERT_TRUE(Raw()
                  ->Script("drop table states;"
                           "delete from schema_migrations where version > 8")
                  .ok());
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message;
  EXPECT_TRUE(ledger.value()->KnowsStates().value());
}

TEST_F(LedgerTest, AMigrationThatFailsLeavesNothingBehind) {
  auto database = Raw();
  ASSERT_TRUE(database->Script("create table decisions (x integer)").ok());
  const auto status = Migrate(database.get());
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("migration 1"), std::string::npos);
  EXPECT_FALSE(database->Run("select 1 from detections").ok());
}

TEST_F(LedgerTest, ForeignKeysAreEnforced) {
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  DecisionRecord decision;
  decision.detection = "nobody";
  EXPECT_FALSE(ledger.value()->AddDecision(decision).ok());
}

TEST_F(LedgerTest, ADeliveryComesBackAsItWasWritten) {
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  CaseRecord record;
  record.detection_id = "d1";
  ASSERT_TRUE(ledger.value()->AddDetection(record, true, Timestamp()).ok());
  Outbox outbox(ledger.value()->database());
  Delivery delivery;
  delivery.key = "pre-1";
  delivery.detection = "d1";
  delivery.customer = "'; drop table deliveries; --";
  delivery.channel = delivery.lane = "email";
  delivery.caps["any"] = {3, std::chrono::days(7)};
  delivery.quiet_hours["email"].spans = {{60, 120}, {1200, 540}};
  delivery.quiet_hours["email"].quiet_days = 0x41;
  delivery.ticket = TicketReference{"rt", "7", "[x #7]", "t-7@x"};
  delivery.due_at = Timestamp(Duration(5));
  ASSERT_TRUE(outbox.Add(delivery).ok());
  const auto found = outbox.Find("pre-1");
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(found.value());
  const Delivery& same = *found.value();
  EXPECT_EQ(same.customer, delivery.customer);
  EXPECT_EQ(same.caps.at("any").count, 3);
  EXPECT_EQ(same.caps.at("any").window, std::chrono::days(7));
  EXPECT_EQ(same.quiet_hours.at("email").quiet_days, 0x41U);
  ASSERT_EQ(same.quiet_hours.at("email").spans.size(), 2U);
  EXPECT_EQ(same.quiet_hours.at("email").spans[1].to_minute, 540);
  EXPECT_EQ(same.ticket->message_id, "t-7@x");
  EXPECT_EQ(same.due_at, delivery.due_at);
  EXPECT_FALSE(same.expires_at);
}

TEST_F(LedgerTest, ARowThatMakesNoSenseIsAnErrorNotAGuess) {
  auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  CaseRecord record;
  record.detection_id = "d1";
  ASSERT_TRUE(ledger.value()->AddDetection(record, true, Timestamp()).ok());
  Outbox outbox(ledger.value()->database());
  Delivery delivery;
  delivery.key = "pre-1";
  delivery.detection = "d1";
  ASSERT_TRUE(outbox.Add(delivery).ok());
  auto* database = ledger.value()->database();
  ASSERT_TRUE(database->Run("update deliveries set state = 'gone'").ok());
  auto found = outbox.Find("pre-1");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message,
            "delivery pre-1: unknown state `gone` or reason `none`");
  ASSERT_TRUE(
      database->Run("update deliveries set state = 'sent', limits = '{'").ok());
  found = outbox.Find("pre-1");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message.rfind("limits of a delivery: ", 0), 0U);
  ASSERT_TRUE(database->Run("update detections set record = 'x'").ok());
  const auto detection = ledger.value()->FindDetection("d1");
  ASSERT_FALSE(detection.ok());
  EXPECT_EQ(detection.error().message.rfind("detection d1: ", 0), 0U);
  ASSERT_TRUE(
      database->Run("insert into profiles values ('acme', '[1]', '{}')").ok());
  const auto profiles =
      ledger.value()->EachProfile([](std::string_view, SaidByEvents) {});
  ASSERT_FALSE(profiles.ok());
  EXPECT_EQ(profiles.error().message.rfind(
                "profile in the ledger: not a JSON object: ", 0),
            0U);
}

TEST(Words, OfStatesAndReasonsAreReadBack) {
  for (const Reason reason : AllReasons()) {
    EXPECT_EQ(ParseReason(ToString(reason)), reason);
  }
  EXPECT_EQ(AllReasons().size(), 34U);
  EXPECT_FALSE(ParseReason("because"));
  for (int i = 0; i < 8; ++i) {
    const auto state = static_cast<DeliveryState>(i);
    EXPECT_EQ(ParseDeliveryState(ToString(state)), state);
  }
  EXPECT_FALSE(ParseDeliveryState("lost"));
}

}  // namespace
}  // namespace premura
