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

#include "rules/result.h"

namespace premura {

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
  virtual Status Commit() = 0;  // Durable when it returns.
  virtual void Rollback() = 0;
};

// `sqlite:PATH`; creates the file (0600). Others: an error that says what is
// supported. `read_only`: for looking beside a running daemon.
Result<std::unique_ptr<Database>> OpenDatabase(const std::string& url,
                                               bool read_only);

// Lives as long as it is open; for simulations.
Result<std::unique_ptr<Database>> OpenDatabaseInMemory();

}  // namespace premura
