// SPDX-License-Identifier: Apache-2.0
// PostgreSQL behind Database: read committed, so that each statement sees what
// others have committed before it, and explicit locks where that matters.

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "notifiers/database_engines.h"
#include "notifiers/postgresql_link.h"
#include "rules/utf8.h"

namespace premura {
namespace {

class PostgresqlRow final : public SqlRow {
 public:
  PostgresqlRow(const PGresult* result, int row) : result_(result), row_(row) {}

  bool IsNull(int column) const override {
    return PQgetisnull(result_, row_, column) != 0;
  }
  std::int64_t Int(int column) const override {
    const std::string_view text = Text(column);
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  double Real(int column) const override {
    return std::strtod(PQgetvalue(result_, row_, column), nullptr);
  }
  std::string_view Text(int column) const override {
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }

 private:
  const PGresult* result_;
  int row_;
};

// `?` outside of quotes becomes `$1`, `$2`, ..
std::string Numbered(std::string_view sql) {
  std::string numbered;
  bool quoted = false;
  int count = 0;
  for (const char c : sql) {
    if (c == '\'') quoted = !quoted;
    if (c == '?' && !quoted) {
      numbered += fmt::format("${}", ++count);
    } else {
      numbered.push_back(c);
    }
  }
  return numbered;
}

// What PostgreSQL takes for no text (a zero byte, bytes that are not UTF-8)
// becomes U+FFFD: refused, it would stand in the way of all that comes after.
std::string FitText(const std::string& text) {
  std::string fit;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const std::int32_t character = NextCharacter(text, &at);
    if (character > 0) {
      fit.append(text, start, at - start);
    } else {
      fit += "\xEF\xBF\xBD";
    }
  }
  return fit;
}

// libpq's text format.
std::string ToText(const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return std::to_string(*number);
  }
  if (const auto* real = std::get_if<double>(&value)) {
    return fmt::format("{}", *real);
  }
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? "" : FitText(*text);
}

// As one of a list, one a line.
std::string LockName(std::string name) {
  std::replace(name.begin(), name.end(), '\n', ' ');
  return name;
}

constexpr std::chrono::minutes kLongest(5);

class PostgresqlDatabase final : public Database {
 public:
  explicit PostgresqlDatabase(PostgresqlParameters parameters)
      : link_(std::move(parameters)) {}

  Status Connect() {
    if (link_.connected()) return {};
    // Whatever was under way has been rolled back; who began it must know.
    if (transaction_) return link_.Problem("the connection was lost");
    statements_.clear();
    return link_.Connect();
  }

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (auto status = Connect(); !status.ok()) return status;
    const auto name = Prepare(sql);
    if (!name.ok()) return name.error();
    std::vector<std::string> texts;
    texts.reserve(values.size());
    std::vector<const char*> pointers;
    for (const SqlValue& value : values) {
      const bool null = std::holds_alternative<std::monostate>(value);
      texts.push_back(ToText(value));
      pointers.push_back(null ? nullptr : texts.back().c_str());
    }
    auto result = link_.ExecutePrepared(name.value(), pointers);
    if (!result.ok()) return result.error();
    const PGresult* rows = result.value().get();
    changes_ = std::atoll(PQcmdTuples(result.value().get()));
    for (int i = 0; row && i < PQntuples(rows); ++i) {
      if (!row(PostgresqlRow(rows, i))) break;
    }
    return {};
  }

  std::int64_t Changes() const override { return changes_; }

  Status Script(std::string_view sql) override {
    if (auto status = Connect(); !status.ok()) return status;
    const auto result = link_.Execute(std::string(sql));
    return result.ok() ? Status() : Status(result.error());
  }

  Status Begin() override {
    auto status = Script("begin");
    transaction_ = status.ok();
    return status;
  }

  // Its last word is waited for as long as the others were.
  Status Commit() override {
    const auto status = CommitNow();
    link_.SetPatience(PostgresqlLink::kPatience);
    return status;
  }

  Status CommitNow() {
    if (auto status = Connect(); !status.ok()) return status;
    const auto result = link_.Execute("commit");
    if (!result.ok()) return result.error();
    transaction_ = false;
    // The answer to the commit of what has failed before.
    if (std::string_view(PQcmdStatus(result.value().get())) != "COMMIT") {
      return link_.Problem("the transaction was rolled back");
    }
    return {};
  }

  void Rollback() override {
    transaction_ = false;
    link_.SetPatience(PostgresqlLink::kPatience);
    if (!link_.in_transaction()) return;
    if (!link_.Execute("rollback").ok()) link_.Disconnect();
  }

  Status AllowLong() override {
    link_.SetPatience(kLongest);
    return Script(
        "set local statement_timeout = '4min'; "
        "set local lock_timeout = '2min'");
  }

  bool shared() const override { return true; }

  // In the order of their numbers, whoever asks. A thousand of them, so that
  // the server's table of locks has room for some instances' full batches.
  Status Lock(const std::vector<std::string>& names) override {
    std::string list;
    for (const std::string& name : names) {
      list += LockName(name);
      list.push_back('\n');
    }
    return Run(
        "select pg_advisory_xact_lock(1886545261, number) from (select "
        "distinct hashtext(name) & 1023 as number from "
        "unnest(string_to_array(?, chr(10))) as name "
        "where name <> '' order by number) as numbers",
        {list}, nullptr);
  }

  Result<bool> TryLock(const std::string& name) override {
    bool locked = false;
    auto status =
        Run("select pg_try_advisory_xact_lock(1886545261, "
            "hashtext(?) & 1023)::integer",
            {LockName(name)}, [&locked](const SqlRow& row) {
              locked = row.Int(0) != 0;
              return false;
            });
    if (!status.ok()) return status.error();
    return locked;
  }

  std::string_view ForUpdate(Taken taken) const override {
    return taken == Taken::kSkip ? " for update skip locked" : " for update";
  }

 private:
  // The name of the statement that was prepared from this text.
  Result<std::string> Prepare(std::string_view sql) {
    const auto found = statements_.find(std::string(sql));
    if (found != statements_.end()) return found->second;
    std::string name = fmt::format("s{}", statements_.size());
    auto status = link_.Prepare(name, Numbered(sql));
    if (!status.ok()) return status.error();
    statements_.emplace(sql, name);
    return name;
  }

  PostgresqlLink link_;
  bool transaction_ = false;  // Begun here, and neither ended nor given up.
  std::int64_t changes_ = 0;
  std::unordered_map<std::string, std::string> statements_;
};

}  // namespace

Result<std::unique_ptr<Database>> OpenPostgresql(const DatabaseAddress& address,
                                                 bool read_only) {
  auto parameters = MakePostgresqlParameters(address, read_only);
  if (!parameters.ok()) return parameters.error();
  auto database =
      std::make_unique<PostgresqlDatabase>(std::move(parameters).value());
  if (auto status = database->Connect(); !status.ok()) return status.error();
  return std::unique_ptr<Database>(std::move(database));
}

Status CheckPostgresqlAddress(const DatabaseAddress& address) {
  const auto parameters = MakePostgresqlParameters(address, false);
  return parameters.ok() ? Status() : Status(parameters.error());
}

}  // namespace premura
