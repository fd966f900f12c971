// SPDX-License-Identifier: Apache-2.0
// Database: the few things the ledger asks of SQL, so that SQLite and
// PostgreSQL share one code path. Values are always bound, never spliced.
//
// Why not a library for both: what is needed is six calls, exact 64-bit
// integers and errors as values; SOCI throws and converts by declared type.
//
// Thread: one at a time per connection.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "notifiers/secret.h"
#include "rules/result.h"

namespace premura {

// Where a database is.
struct DatabaseAddress {
  DatabaseAddress() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): mostly there is only a url.
  DatabaseAddress(std::string where) : url(std::move(where)) {}

  std::string url;  // "sqlite:PATH", "postgresql://USER@HOST:PORT/NAME"
  // Of PostgreSQL. `ca`: certificates to verify the server's by; empty: the
  // system's for another machine, and no matter for this one.
  Secret password;
  std::string ca;
};

using SqlValue =
    std::variant<std::monostate, std::int64_t, double, std::string>;

class SqlRow {
 public:
  virtual ~SqlRow() = default;
  virtual bool IsNull(int column) const = 0;
  virtual std::int64_t Int(int column) const = 0;
  virtual double Real(int column) const = 0;
  virtual std::string_view Text(int column) const = 0;  // Until the next row.
};

class Database {
 public:
  virtual ~Database() = default;

  // One statement, prepared once per text; `?` stand for `values` in order.
  // Calls `row` for each row; it returns false to stop.
  virtual Status Run(std::string_view sql, const std::vector<SqlValue>& values,
                     const std::function<bool(const SqlRow&)>& row) = 0;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values = {});
  // Rows changed by the last statement.
  virtual std::int64_t Changes() const = 0;
  // Several statements without values, for migrations.
  virtual Status Script(std::string_view sql) = 0;

  virtual Status Begin() = 0;
  // Durable when it returns. An error may mean that nobody knows: whoever
  // repeats what was written finds out by what stands there.
  virtual Status Commit() = 0;
  virtual void Rollback() = 0;
  // What this transaction does may take, and wait for others, much longer than
  // is usual: before a change of the schema. REQUIRES: within a transaction.
  virtual Status AllowLong() = 0;

  // Several instances may write to it. The calls below are for them; where
  // there is one, its transactions have the database to themselves.
  virtual bool shared() const = 0;
  // Waits until no other transaction holds one of `names`, and holds them to
  // the end of this one. REQUIRES: all that a transaction locks it locks at
  // once, or two might wait for each other.
  virtual Status Lock(const std::vector<std::string>& names) = 0;
  // The same without waiting: false if another holds it.
  virtual Result<bool> TryLock(const std::string& name) = 0;
  // To stand at the end of a select: its rows are this transaction's to change.
  // Those that another is about to change are waited for, or left out.
  enum class Taken { kWait, kSkip };
  virtual std::string_view ForUpdate(Taken taken) const = 0;
};

// `sqlite:` creates the file (0600). `postgresql:` connects, and again whenever
// the connection was lost: what runs then fails, later calls find it. Others:
// an error that says what is supported. `read_only`: for looking beside a
// running daemon.
Result<std::unique_ptr<Database>> OpenDatabase(const DatabaseAddress& address,
                                               bool read_only);

// What is wrong with an address, before anything is opened; names no password.
Status CheckAddress(const DatabaseAddress& address);

// There is no ledger, and opening it for writing makes one in a file here.
bool WouldBeMade(const DatabaseAddress& address);

// Lives as long as it is open; for simulations.
Result<std::unique_ptr<Database>> OpenDatabaseInMemory();

}  // namespace premura
