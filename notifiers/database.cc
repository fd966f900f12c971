// SPDX-License-Identifier: Apache-2.0
#include "notifiers/database.h"

#include <filesystem>

#include "notifiers/database_engines.h"

namespace premura {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

bool IsSqlite(const std::string& url) {
  return url.starts_with(kSqlite) && url.size() > kSqlite.size();
}

bool IsPostgresql(const std::string& url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// The rest of an address may hold a password.
Error Unsupported(const std::string& url) {
  return Error{"ledger `" + url.substr(0, url.find(':')) +
               ":...` is not supported; use `sqlite:PATH` or "
               "`postgresql://USER@HOST/NAME`"};
}

}  // namespace

Status Database::Run(std::string_view sql,
                     const std::vector<SqlValue>& values) {
  return Run(sql, values, nullptr);
}

Result<std::unique_ptr<Database>> OpenDatabase(const DatabaseAddress& address,
                                               bool read_only) {
  if (IsSqlite(address.url)) {
    return OpenSqlite(address.url.substr(kSqlite.size()), read_only);
  }
  if (IsPostgresql(address.url)) return OpenPostgresql(address, read_only);
  return Unsupported(address.url);
}

bool WouldBeMade(const DatabaseAddress& address) {
  std::error_code ignored;
  return IsSqlite(address.url) &&
         !std::filesystem::exists(address.url.substr(kSqlite.size()), ignored);
}

Status CheckAddress(const DatabaseAddress& address) {
  if (IsSqlite(address.url)) return {};
  if (IsPostgresql(address.url)) return CheckPostgresqlAddress(address);
  return Unsupported(address.url);
}

}  // namespace premura
