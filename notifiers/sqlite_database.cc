// SPDX-License-Identifier: Apache-2.0
// SQLite behind Database. WAL, so that others read while we write;
// synchronous=FULL, so that a commit survives the loss of power.

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <unordered_map>
#include <utility>

#include "notifiers/database_engines.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

constexpr int kBusyMilliseconds = 5000;

class SqliteRow final : public SqlRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

  bool IsNull(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t Int(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  double Real(int column) const override {
    return sqlite3_column_double(statement_, column);
  }
  std::string_view Text(int column) const override {
    const auto* text = sqlite3_column_text(statement_, column);
    if (text == nullptr) return {};
    const auto size = sqlite3_column_bytes(statement_, column);
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* statement_;
};

// A statement in use; gives it back clean whatever happens.
class Borrowed {
 public:
  explicit Borrowed(sqlite3_stmt* statement) : statement_(statement) {}
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  ~Borrowed() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

 private:
  sqlite3_stmt* statement_;
};

using FileId = std::pair<dev_t, ino_t>;

// Of no file if there is none.
FileId FileAt(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino};
}

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(sqlite3* handle, std::string path)
      : handle_(handle), path_(std::move(path)), file_(FileAt(path_)) {}

  ~SqliteDatabase() override {
    for (const auto& [sql, statement] : statements_) {
      sqlite3_finalize(statement);
    }
    sqlite3_close(handle_);
  }

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    if (auto status = CheckFile(); !status.ok()) return status;
    auto prepared = Prepare(sql);
    if (!prepared.ok()) return prepared.error();
    sqlite3_stmt* statement = prepared.value();
    const Borrowed borrowed(statement);
    if (!Bind(statement, values)) return Problem("cannot bind values");
    const SqliteRow view(statement);
    for (;;) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) return {};
      if (code != SQLITE_ROW) return Problem("");
      if (row && !row(view)) return {};
    }
  }

  std::int64_t Changes() const override { return sqlite3_changes64(handle_); }

  Status Script(std::string_view sql) override {
    const std::string text(sql);
    const int code =
        sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    return code == SQLITE_OK ? Status() : Problem("");
  }

  // Immediate: a writer that waits does so here, never half way.
  Status Begin() override { return Run("begin immediate"); }
  Status Commit() override { return Run("commit"); }
  void Rollback() override {
    // SQLite may have rolled back by itself (disk full).
    if (sqlite3_get_autocommit(handle_) != 0) return;
    const Status ignored = Run("rollback");
    static_cast<void>(ignored);
  }
  // Nothing is ever cut short.
  Status AllowLong() override { return {}; }

  // Whoever began immediately writes alone.
  bool shared() const override { return false; }
  Status Lock(const std::vector<std::string>&) override { return {}; }
  Result<bool> TryLock(const std::string&) override { return true; }
  std::string_view ForUpdate(Taken) const override { return ""; }

  Error Problem(std::string_view what) const {
    std::string message = path_ + ": ";
    if (!what.empty()) message.append(what).append(": ");
    return Error{message + sqlite3_errmsg(handle_)};
  }

 private:
  // What is written to a file that was moved away nobody else sees, least of
  // all who throws the switch. Once in a transaction is enough.
  Status CheckFile() const {
    if (sqlite3_get_autocommit(handle_) == 0 || FileAt(path_) == file_) {
      return {};
    }
    return Error{path_ +
                 ": the file was moved, removed or replaced while it was open; "
                 "put it back, or start again"};
  }

  Result<sqlite3_stmt*> Prepare(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) return found->second;
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return Problem("cannot prepare");
    statements_.emplace(sql, statement);
    return statement;
  }

  static bool Bind(sqlite3_stmt* statement,
                   const std::vector<SqlValue>& values) {
    if (sqlite3_bind_parameter_count(statement) !=
        static_cast<int>(values.size())) {
      return false;
    }
    int index = 0;
    for (const SqlValue& value : values) {
      if (BindOne(statement, ++index, value) != SQLITE_OK) return false;
    }
    return true;
  }

  // The values outlive the call: nothing is copied.
  static int BindOne(sqlite3_stmt* statement, int index,
                     const SqlValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      return sqlite3_bind_int64(statement, index, *number);
    }
    if (const auto* real = std::get_if<double>(&value)) {
      return sqlite3_bind_double(statement, index, *real);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      return sqlite3_bind_text64(statement, index, text->data(), text->size(),
                                 SQLITE_STATIC, SQLITE_UTF8);
    }
    return sqlite3_bind_null(statement, index);
  }

  sqlite3* handle_;
  std::string path_;
  const FileId file_;
  std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>>
      statements_;
};

// The file is ours alone from its first byte on; SQLite gives its companions
// (-wal, -shm) the same mode.
Status CreatePrivately(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    const std::string why = std::strerror(errno);
    const bool there = ::access(path.c_str(), F_OK) == 0;
    return Error{path + (there ? ": cannot open: " : ": cannot create: ") +
                 why};
  }
  ::close(file);
  return {};
}

Status Prepare(SqliteDatabase* database, bool read_only) {
  // A read-only connection takes the journal mode as it is.
  if (!read_only) {
    if (auto status = database->Script("pragma journal_mode = wal");
        !status.ok()) {
      return status;
    }
  }
  return database->Script(
      "pragma synchronous = full; pragma foreign_keys = on;"
      "pragma temp_store = memory; pragma cache_size = -32000");
}

// Even who only reads a ledger has SQLite make its companions (-wal, -shm).
// Where none are and none can be made, in a folder or on a disk that is
// read-only, nobody is writing either: the file is read as one that does not
// change. `path` as SQLite takes it then; else as it is.
std::string NameToRead(const std::string& path) {
  std::error_code error;
  const fs::path file = fs::canonical(path, error);
  if (error || fs::exists(file.string() + "-wal", error) ||
      ::faccessat(AT_FDCWD, file.parent_path().c_str(), W_OK, AT_EACCESS) ==
          0) {
    return path;
  }
  std::string uri = "file://";
  for (const char c : file.string()) {
    const bool has_meaning = c == '%' || c == '?' || c == '#';
    uri += has_meaning ? fmt::format("%{:02x}", static_cast<unsigned char>(c))
                       : std::string(1, c);
  }
  return uri + "?immutable=1";
}

}  // namespace

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path,
                                             bool read_only) {
  std::string name = path;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (read_only) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      return Error{path + ": there is no such ledger"};
    }
    name = NameToRead(path);
    flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (name != path) flags |= SQLITE_OPEN_URI;
  } else if (auto status = CreatePrivately(path); !status.ok()) {
    return status.error();
  }
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  auto database = std::make_unique<SqliteDatabase>(handle, path);
  if (code != SQLITE_OK) return database->Problem("cannot open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  if (auto status = Prepare(database.get(), read_only); !status.ok()) {
    return status.error();
  }
  return std::unique_ptr<Database>(std::move(database));
}

Result<std::unique_ptr<Database>> OpenDatabaseInMemory() {
  constexpr const char* kMemory = ":memory:";
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(
      kMemory, &handle,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      nullptr);
  auto database = std::make_unique<SqliteDatabase>(handle, kMemory);
  if (code != SQLITE_OK) return database->Problem("cannot open");
  if (auto status = database->Script("pragma foreign_keys = on");
      !status.ok()) {
    return status.error();
  }
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace premura
