// SPDX-License-Identifier: Apache-2.0
// What a ledger in PostgreSQL is and does that no other is and does.

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <map>
#include <thread>

#include "notifiers/ledger.h"
#include "notifiers/postgresql_link.h"
#include "tests/notifiers/support/ledger_place.h"
#include "tests/notifiers/support/postgresql_place.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

class PostgresqlTest : public testing::Test {
 protected:
  std::unique_ptr<Database> Connect() {
    auto database = OpenDatabase(place_.address(), false);
    EXPECT_TRUE(database.ok()) << database.error().message;
    return std::move(database).value();
  }
  static std::string ProblemOf(const DatabaseAddress& address) {
    const auto database = OpenDatabase(address, false);
    return database.ok() ? "" : database.error().message;
  }
  // By the address's host: who listens at 127.0.0.1 is `localhost` too.
  static DatabaseAddress At(DatabaseAddress address, const std::string& host) {
    address.url.replace(address.url.find("127.0.0.1"), 9, host);
    return address;
  }
  static std::string Text(Database* database, std::string_view sql) {
    std::string text;
    const auto status = database->Run(sql, {}, [&](const SqlRow& row) {
      text = row.Text(0);
      return false;
    });
    return status.ok() ? text : status.error().message;
  }
  // Ends the connection from the other side.
  void Cut(Database* database) {
    const std::string pid = Text(database, "select pg_backend_pid()::text");
    EXPECT_EQ(Text(Connect().get(),
                   "select pg_terminate_backend(" + pid + ", 5000)::text"),
              "true");
  }

  LedgerPlace place_;
};

TEST(PostgresqlAddressTest, SaysWhatIsWrongWithIt) {
  const std::pair<const char*, const char*> cases[] = {
      {"postgresql://db/premura", ""},
      {"postgres://premura@db1,db2:5433/premura", ""},
      {"postgresql:///premura?host=/run/postgresql", ""},
      {"postgresql://db/premura?options=-csearch_path%3Dx", ""},
      {"postgresql://db:port:port/x?y", "no address of a PostgreSQL database"},
      {"postgresql://me:hunter2@db/premura", "it holds a password"},
      {"postgresql://db/premura?password=hunter2", "it holds a password"},
      {"postgresql://db/premura?sslmode=disable",
       "`sslmode` cannot be said in it"},
      {"mysql://db/premura",
       "ledger `mysql:...` is not supported; use `sqlite:PATH` or "
       "`postgresql://USER@HOST/NAME`"}};
  for (const auto& [url, problem] : cases) {
    const Status status = CheckAddress(DatabaseAddress(url));
    EXPECT_EQ(status.ok() ? "" : status.error().message, problem) << url;
  }
  EXPECT_FALSE(
      OpenDatabase(DatabaseAddress("postgresql://me:x@db/premura"), false)
          .ok());
}

TEST(PostgresqlAddressTest, AnotherMachineIsVerified) {
  struct Case {
    const char* url;
    const char* ca;
    std::string mode;
    std::string root;
  };
  constexpr const char* kSystem = "/etc/ssl/certs/ca-certificates.crt";
  for (const auto& [url, ca, mode, root] : std::vector<Case>{
           {"postgresql://db.example.com/p", "", "verify-full", kSystem},
           {"postgresql://db.example.com/p", "/my.pem", "verify-full",
            "/my.pem"},
           {"postgresql://127.0.0.1/p", "", "prefer", ""},
           {"postgresql://localhost/p", "/my.pem", "verify-full", "/my.pem"},
           {"postgresql:///p?host=/run/postgresql", "", "prefer", ""},
           {"postgresql://localhost,db/p", "", "verify-full", kSystem},
           {"postgresql://localhost/p?hostaddr=192.0.2.1", "", "verify-full",
            kSystem},
           {"postgresql://127.example.com/p", "", "verify-full", kSystem}}) {
    DatabaseAddress address(url);
    address.ca = ca;
    const auto parameters = MakePostgresqlParameters(address, false);
    ASSERT_TRUE(parameters.ok());
    std::map<std::string, std::string> found(parameters.value().begin(),
                                             parameters.value().end());
    EXPECT_EQ(found["sslmode"], mode) << url;
    EXPECT_EQ(found["sslrootcert"], root) << url;
  }
}

TEST_F(PostgresqlTest, TheServersCertificateIsVerifiedByName) {
  DatabaseAddress address = At(place_.address(), "localhost");
  address.ca = PostgresqlCa();
  EXPECT_EQ(ProblemOf(address), "");
  DatabaseAddress by_number = place_.address();
  by_number.ca = PostgresqlCa();
  EXPECT_NE(ProblemOf(by_number).find("does not match host name"),
            std::string::npos)
      << ProblemOf(by_number);
  address.ca = std::string(PREMURA_SOURCE_DIR) +
               "/tests/daemon/testdata/certificate.pem";
  EXPECT_NE(ProblemOf(address).find("certificate verify failed"),
            std::string::npos)
      << ProblemOf(address);
}

TEST_F(PostgresqlTest, AWrongPasswordIsToldWithoutIt) {
  DatabaseAddress address = place_.address();
  address.password = Secret("hunter2");
  const std::string problem = ProblemOf(address);
  EXPECT_NE(problem.find("127.0.0.1/"), std::string::npos) << problem;
  EXPECT_NE(problem.find("cannot connect: "), std::string::npos) << problem;
  EXPECT_NE(problem.find("password authentication failed"), std::string::npos)
      << problem;
  EXPECT_EQ(problem.find("hunter2"), std::string::npos) << problem;
}

TEST_F(PostgresqlTest, WhoLooksOnlyWritesNothing) {
  ASSERT_TRUE(Ledger::Open(place_.address(), Ledger::Access::kWrite).ok());
  auto ledger = Ledger::Open(place_.address(), Ledger::Access::kRead);
  ASSERT_TRUE(ledger.ok()) << ledger.error().message;
  const Status set = ledger.value()->SetStopAll({true, "anna", Timestamp()});
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("read-only transaction"),
            std::string::npos);
}

TEST_F(PostgresqlTest, ValuesComeBackAsTheyWereBound) {
  const auto database = Connect();
  ASSERT_TRUE(database
                  ->Script("create table t (i bigint, r double precision, "
                           "x text, n text)")
                  .ok());
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::string text = "?'; drop table t; -- \xC3\xA8 \xF0\x9F\x98\x80";
  ASSERT_TRUE(database
                  ->Run("insert into t values (?, ?, ?, ?)",
                        {kMost, 0.1, text, std::monostate()})
                  .ok());
  EXPECT_EQ(database->Changes(), 1);
  int rows = 0;
  ASSERT_TRUE(database
                  ->Run("select i, r, x, n, '?' from t where i = ?", {kMost},
                        [&](const SqlRow& row) {
                          EXPECT_EQ(row.Int(0), kMost);
                          EXPECT_EQ(row.Real(1), 0.1);
                          EXPECT_EQ(row.Text(2), text);
                          EXPECT_TRUE(row.IsNull(3));
                          EXPECT_EQ(row.Text(4), "?");
                          return ++rows > 0;
                        })
                  .ok());
  EXPECT_EQ(rows, 1);
}

// What it refuses would stand in the way of all that comes after.
TEST_F(PostgresqlTest, WhatIsNoTextDoesNotStopTheLedger) {
  const auto database = Connect();
  std::string back;
  for (const auto& [text, kept] :
       std::vector<std::pair<std::string, std::string>>{
           {std::string("a\0b", 3),
            "a\xEF\xBF\xBD"
            "b"},
           {"a\xFF\xFE", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
           {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}}) {
    const auto status =
        database->Run("select ?::text", {text}, [&](const SqlRow& row) {
          back = row.Text(0);
          return false;
        });
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(back, kept);
  }
}

TEST_F(PostgresqlTest, AfterAFailureACommitSaysThatNothingWasWritten) {
  const auto database = Connect();
  ASSERT_TRUE(database->Script("create table t (i bigint)").ok());
  ASSERT_TRUE(database->Begin().ok());
  ASSERT_TRUE(database->Run("insert into t values (1)").ok());
  EXPECT_FALSE(database->Run("insert into nowhere values (1)").ok());
  const Status commit = database->Commit();
  ASSERT_FALSE(commit.ok());
  EXPECT_NE(commit.error().message.find("the transaction was rolled back"),
            std::string::npos);
  database->Rollback();
  EXPECT_EQ(Text(database.get(), "select count(*) from t"), "0");
}

TEST_F(PostgresqlTest, ALostConnectionIsMadeAgainButNoTransactionGoesOn) {
  const auto database = Connect();
  ASSERT_TRUE(database->Script("create table t (i bigint)").ok());
  ASSERT_TRUE(database->Run("select 1 from t").ok());
  Cut(database.get());
  EXPECT_FALSE(database->Run("select 1 from t").ok());
  EXPECT_TRUE(database->Run("select 1 from t").ok());

  ASSERT_TRUE(database->Begin().ok());
  ASSERT_TRUE(database->Run("insert into t values (1)").ok());
  Cut(database.get());
  EXPECT_FALSE(database->Run("insert into t values (2)").ok());
  for (const Status& status :
       {database->Run("insert into t values (3)"), database->Commit()}) {
    ASSERT_FALSE(status.ok());
    EXPECT_NE(status.error().message.find("the connection was lost"),
              std::string::npos);
  }
  database->Rollback();
  EXPECT_EQ(Text(database.get(), "select count(*) from t"), "0");
}

TEST_F(PostgresqlTest, AServerThatDoesNotAnswerIsLeft) {
  auto parameters = MakePostgresqlParameters(place_.address(), false);
  ASSERT_TRUE(parameters.ok());
  PostgresqlLink link(std::move(parameters).value(),
                      std::chrono::milliseconds(100));
  ASSERT_TRUE(link.Connect().ok());
  const auto answer = link.Execute("select pg_sleep(10)");
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("no answer in time"),
            std::string::npos);
  EXPECT_FALSE(link.connected());
  EXPECT_TRUE(link.Connect().ok());
}

TEST_F(PostgresqlTest, LocksHoldToTheEndOfTheTransaction) {
  const auto one = Connect();
  const auto other = Connect();
  ASSERT_TRUE(one->Begin().ok());
  ASSERT_TRUE(one->Lock({"b\nb", "a", "a"}).ok());
  ASSERT_TRUE(other->Begin().ok());
  EXPECT_FALSE(other->TryLock("a").value());
  EXPECT_FALSE(other->TryLock("b\nb").value());
  EXPECT_TRUE(other->TryLock("c").value());
  ASSERT_TRUE(one->Commit().ok());
  EXPECT_TRUE(other->TryLock("a").value());
  other->Rollback();
}

TEST_F(PostgresqlTest, OneTransactionMayTakeLong) {
  const auto database = Connect();
  const auto limits = [&] {
    return Text(database.get(),
                "select current_setting('lock_timeout') || ' ' || "
                "current_setting('statement_timeout')");
  };
  const std::string usual = limits();
  EXPECT_EQ(usual, "5s 20s");
  for (const bool commits : {true, false}) {
    ASSERT_TRUE(database->Begin().ok());
    ASSERT_TRUE(database->AllowLong().ok());
    EXPECT_EQ(limits(), "2min 4min");
    if (commits) {
      EXPECT_TRUE(database->Commit().ok());
    } else {
      database->Rollback();
    }
    EXPECT_EQ(limits(), usual);
  }
}

TEST_F(PostgresqlTest, TwoThatStartAtOnceBringTheSchemaUpOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto ledger =
          Ledger::Open(place_.address(), Ledger::Access::kWrite);
      EXPECT_TRUE(ledger.ok()) << ledger.error().message;
      opened += ledger.ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
}

}  // namespace
}  // namespace premura
