// SPDX-License-Identifier: Apache-2.0
// PostgresqlLink: one connection to a PostgreSQL server by libpq: made from an
// address, made anew when it was lost, and never waited on for ever.
//
// Thread: one at a time.

#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "notifiers/database.h"
#include "rules/result.h"

struct pg_conn;
struct pg_result;

namespace premura {

// What libpq is told, by keyword.
using PostgresqlParameters = std::vector<std::pair<std::string, std::string>>;

// TLS is verified (certificate and name) unless every host is this machine.
Result<PostgresqlParameters> MakePostgresqlParameters(
    const DatabaseAddress& address, bool read_only);

struct PostgresqlClear {
  void operator()(pg_result* result) const;
};
using PostgresqlResult = std::unique_ptr<pg_result, PostgresqlClear>;

class PostgresqlLink {
 public:
  static constexpr std::chrono::milliseconds kPatience =
      std::chrono::seconds(30);

  // `patience`: a server that gives no answer for so long is left.
  explicit PostgresqlLink(PostgresqlParameters parameters,
                          std::chrono::milliseconds patience = kPatience);
  ~PostgresqlLink();
  PostgresqlLink(const PostgresqlLink&) = delete;
  PostgresqlLink& operator=(const PostgresqlLink&) = delete;

  bool connected() const;
  // Again, if it is not connected.
  Status Connect();
  void Disconnect();
  bool in_transaction() const;
  // From now on.
  void SetPatience(std::chrono::milliseconds patience) { patience_ = patience; }

  // Without values, and several statements if need be.
  Result<PostgresqlResult> Execute(const std::string& sql);
  Status Prepare(const std::string& name, const std::string& sql);
  // `values` in libpq's text format; nullptr is null.
  Result<PostgresqlResult> ExecutePrepared(
      const std::string& name, const std::vector<const char*>& values);

  // "db.example.com/premura: what"
  Error Problem(std::string what) const;

 private:
  // The answer to what was sent, if `sent`.
  Result<PostgresqlResult> Await(bool sent);
  bool WaitForAnswer();

  PostgresqlParameters parameters_;
  std::chrono::milliseconds patience_;
  std::string name_;  // Of the database, for messages.
  pg_conn* connection_ = nullptr;
};

}  // namespace premura
