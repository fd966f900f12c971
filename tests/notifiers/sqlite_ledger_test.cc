// SPDX-License-Identifier: Apache-2.0
// What a ledger in SQLite is and does that no other is and does.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "notifiers/forwarding_database.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/simulated_contacts.h"
#include "tests/notifiers/support/outreach_world.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

using std::chrono::seconds;

constexpr char kRules[] = R"(
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cooldown: 7d
    actions: [{ticket: {template: help}}, {email: {template: help}},
              {sms: {template: short}}]
)";

// Says of each statement what SQLite does for it.
class PlanningDatabase final : public ForwardingDatabase {
 public:
  explicit PlanningDatabase(std::unique_ptr<Database> base)
      : ForwardingDatabase(std::move(base)) {}

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    plan.clear();
    auto status = base()->Run("explain query plan " + std::string(sql), values,
                              [&](const SqlRow& step) {
                                plan.append(step.Text(3)).append("; ");
                                return true;
                              });
    return status.ok() ? base()->Run(sql, values, row) : status;
  }

  std::string plan;

 private:
};

class SqliteLedgerTest : public testing::Test {
 protected:
  std::string path() const { return folder_.Path("ledger.db"); }
  std::string url() const { return "sqlite:" + path(); }
  std::unique_ptr<Database> Raw() {
    auto database = OpenDatabase(url(), false);
    EXPECT_TRUE(database.ok());
    return std::move(database).value();
  }
  static std::string Problem(const std::string& url, Ledger::Access access) {
    const auto ledger = Ledger::Open(url, access);
    return ledger.ok() ? "" : ledger.error().message;
  }

  TempFolder folder_;
};

TEST_F(SqliteLedgerTest, IsAFileOfItsOwnersAlone) {
  ASSERT_EQ(Problem(url(), Ledger::Access::kWrite), "");
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

// The user `nobody` while it lives, if this is root: who may write anywhere.
class WithoutRights {
 public:
  WithoutRights() {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0) {
      EXPECT_EQ(::seteuid(kNobody), 0);
    }
  }
  WithoutRights(const WithoutRights&) = delete;
  WithoutRights& operator=(const WithoutRights&) = delete;
  ~WithoutRights() {
    if (::geteuid() != ::getuid()) {
      EXPECT_EQ(::seteuid(::getuid()), 0);
    }
  }
};

TEST_F(SqliteLedgerTest, OneThatNobodyCanWriteToIsRead) {
  const std::string folder = folder_.Path("100%25 of? what#");
  const std::string path = folder + "/ledger.db";
  const std::string wal = path + "-wal";
  std::filesystem::create_directory(folder);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  {
    auto ledger = Ledger::Open("sqlite:" + path, Ledger::Access::kWrite);
    ASSERT_TRUE(ledger.ok());
    StopAll state;
    state.on = true;
    ASSERT_TRUE(ledger.value()->SetStopAll(state).ok());
  }
  ASSERT_FALSE(std::filesystem::exists(wal)) << "a clean stop";
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  {
    const WithoutRights without;
    auto ledger = Ledger::Open("sqlite:" + path, Ledger::Access::kRead);
    ASSERT_TRUE(ledger.ok()) << ledger.error().message;
    EXPECT_TRUE(ledger.value()->ReadStopAll().value().on);
    EXPECT_FALSE(ledger.value()->SetStopAll({}).ok());
    EXPECT_EQ(Problem("sqlite:" + path, Ledger::Access::kWrite),
              "ledger: " + path + ": cannot open: Permission denied");
  }
  // What a writer left behind may hold what the file does not: not passed over.
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  std::ofstream(wal) << "x";
  ASSERT_EQ(::chmod(folder.c_str(), 0555), 0);
  {
    const WithoutRights without;
    EXPECT_NE(Problem("sqlite:" + path, Ledger::Access::kRead), "");
  }
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
}

TEST_F(SqliteLedgerTest, AFileThatWasTakenAwayIsNoticed) {
  auto ledger = Ledger::Open(url(), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  const std::string away = folder_.Path("away.db");
  std::filesystem::rename(path(), away);
  const std::string expected =
      path() +
      ": the file was moved, removed or replaced while it was open; put it "
      "back, or start again";
  EXPECT_EQ(ledger.value()->ReadStopAll().error().message, expected);
  EXPECT_EQ(ledger.value()->Begin().error().message, expected);
  std::filesystem::rename(away, path());
  EXPECT_TRUE(ledger.value()->ReadStopAll().ok());
  std::filesystem::rename(path(), away);
  std::ofstream(path()) << "another";
  EXPECT_EQ(ledger.value()->Begin().error().message, expected);
}

TEST_F(SqliteLedgerTest, SaysWhatIsWrongWithItsAddress) {
  EXPECT_EQ(
      Problem("mysql://premura:secret@db/premura", Ledger::Access::kWrite),
      "ledger: ledger `mysql:...` is not supported; use `sqlite:PATH` or "
      "`postgresql://USER@HOST/NAME`");
  EXPECT_EQ(
      Problem("sqlite:", Ledger::Access::kWrite),
      "ledger: ledger `sqlite:...` is not supported; use `sqlite:PATH` or "
      "`postgresql://USER@HOST/NAME`");
  EXPECT_EQ(Problem("sqlite:/nowhere/at/all.db", Ledger::Access::kWrite),
            "ledger: /nowhere/at/all.db: cannot create: No such file or "
            "directory");
  EXPECT_EQ(Problem(url(), Ledger::Access::kRead),
            "ledger: " + path() + ": there is no such ledger");
  std::filesystem::create_directory(folder_.Path("dir"));
  EXPECT_NE(Problem("sqlite:" + folder_.Path("dir"), Ledger::Access::kRead),
            "");
}

TEST_F(SqliteLedgerTest, WhatIsReleasedIsFoundAmongWhatIsOpenOnly) {
  ASSERT_EQ(Problem(url(), Ledger::Access::kWrite), "");
  PlanningDatabase database(Raw());
  Outbox outbox(&database);
  const std::string expected = "INDEX deliveries_open (state=? AND reason=?)";
  ASSERT_TRUE(outbox.Release(Reason::kStopAll, "", Timestamp()).ok());
  EXPECT_NE(database.plan.find(expected), std::string::npos) << database.plan;
  ASSERT_TRUE(outbox.ReleaseStuck(Reason::kQuietHours, Timestamp()).ok());
  EXPECT_NE(database.plan.find(expected), std::string::npos) << database.plan;
  ASSERT_TRUE(outbox.MoveLane("ticket", "ticket:rt").ok());
  EXPECT_NE(database.plan.find("INDEX deliveries_open"), std::string::npos)
      << database.plan;
}

// However many tickets a customer has, and mails that are done with.
TEST_F(SqliteLedgerTest, WhatADecisionAsksForIsFoundAtOnce) {
  auto planning = std::make_unique<PlanningDatabase>(Raw());
  PlanningDatabase& database = *planning;
  auto ledger = Ledger::Open(std::move(planning), Ledger::Access::kWrite);
  ASSERT_TRUE(ledger.ok());
  Outbox outbox(&database);
  SimulatedContacts simulated(&database);
  const auto expect = [&database](bool ok, const char* index) {
    EXPECT_TRUE(ok);
    EXPECT_NE(database.plan.find(index), std::string::npos) << database.plan;
  };
  expect(outbox.Contacts("acme", ContactScope::kOutside, {}).ok(),
         "INDEX deliveries_outside (customer=? AND contact_at>?)");
  expect(outbox.Open("loop", "acme").ok(),
         "INDEX deliveries_open_of (customer=? AND rule=?)");
  expect(outbox.Release(Reason::kTimezoneMissing, "acme", {}).ok(),
         "INDEX deliveries_by_customer (customer=? AND contact_at=?)");
  expect(outbox.LastContact("loop", "acme").ok(),
         "INDEX deliveries_by_rule (customer=? AND rule=?");
  expect(simulated.LastOfRule("loop", "acme").ok(),
         "INDEX simulated_contacts_by_rule (customer=? AND rule=?)");
  expect(simulated.Of("acme", ContactScope::kOutside, {}, {}).ok(),
         "INDEX simulated_contacts_outside (customer=? AND at>?)");
}

TEST_F(SqliteLedgerTest, AFileThatIsNoLedgerIsLeftAlone) {
  const std::string text(5000, 'x');
  std::ofstream(path()) << text;
  EXPECT_EQ(Problem(url(), Ledger::Access::kWrite),
            "ledger: " + path() + ": file is not a database");
  EXPECT_EQ(std::filesystem::file_size(path()), text.size());
}

TEST_F(SqliteLedgerTest, StatementsSayWhatIsWrongWithThem) {
  auto database = Raw();
  const auto bad = database->Run("selec 1");
  ASSERT_FALSE(bad.ok());
  EXPECT_NE(bad.error().message.find("cannot prepare"), std::string::npos);
  const auto few = database->Run("select ?", {});
  ASSERT_FALSE(few.ok());
  EXPECT_NE(few.error().message.find("cannot bind"), std::string::npos);
  database->Rollback();  // Nothing is open: no harm.
}

TEST(SqliteLedger, AnOutletOfAnEarlierConfigurationIsForgotten) {
  OutreachWorld world;
  world.desk->check_problem = "no such host";
  world.Start(kRules);
  EXPECT_EQ(world.Count("outlets"), 3);
  world.settings->desks.clear();
  world.Restart();
  EXPECT_EQ(world.Count("outlets"), 2);
}

TEST(SqliteLedger, AFullDiskIsWaitedOut) {
  OutreachWorld world;
  world.Start(kRules);
  for (int i = 0; i < 100; ++i) {
    world.Know(
        "customer-" + std::to_string(i),
        {{"email", "\"a@example.com\""}, {"phone", "\"+393331234567\""}});
  }
  std::int64_t pages = 0;
  ASSERT_TRUE(world.database
                  ->Run("pragma page_count", {},
                        [&](const SqlRow& row) {
                          pages = row.Int(0);
                          return true;
                        })
                  .ok());
  const auto limit = [&](std::int64_t most) {
    return world.database->Run("pragma max_page_count = " +
                               std::to_string(most));
  };
  ASSERT_TRUE(limit(pages).ok());
  std::vector<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ShardOutput output;
    const std::string customer = "customer-" + std::to_string(i);
    output.detections.push_back(world.Detect("loop", customer));
    ids.push_back(output.detections[0].id);
    world.core->Submit(std::move(output), [&] { ++world.durable; });
  }
  for (int i = 0; i < 10; ++i) world.Pass(seconds(2));
  EXPECT_EQ(world.durable, 0);
  EXPECT_FALSE(world.core->health().ledger_ok);
  EXPECT_NE(world.core->health().ledger_problem.find("full"), std::string::npos)
      << world.core->health().ledger_problem;
  ASSERT_EQ(world.observer.ledger.size(), 1U) << "told once";
  EXPECT_EQ(world.desk->TotalArrived(), 0);

  ASSERT_TRUE(limit(1000000).ok());
  world.Pass(seconds(2));
  EXPECT_TRUE(world.core->health().ledger_ok);
  EXPECT_EQ(world.observer.ledger.back(), "ok");
  EXPECT_EQ(world.durable, 100);
  EXPECT_EQ(world.desk->TotalArrived(), 100);
  EXPECT_EQ(world.email->TotalArrived(), 100);
  EXPECT_EQ(world.sms->TotalArrived(), 100);
  EXPECT_EQ(world.Count("detections"), 100);
}

}  // namespace
}  // namespace premura
