// SPDX-License-Identifier: Apache-2.0
#include "notifiers/postgresql_link.h"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "notifiers/loopback.h"

namespace premura {
namespace {

constexpr const char* kSystemCertificates =
    "/etc/ssl/certs/ca-certificates.crt";

// A transaction waits for others as long as with SQLite. One of an instance
// that is gone must not hold its locks.
constexpr const char* kOptions =
    "-c lock_timeout=5s -c statement_timeout=20s "
    "-c idle_in_transaction_session_timeout=60s -c synchronous_commit=on "
    "-c default_transaction_isolation=read\\ committed "
    "-c client_min_messages=warning";

constexpr std::array<std::string_view, 6> kInAddress = {
    "host", "hostaddr", "port", "user", "dbname", "options"};

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

std::string Get(const PostgresqlParameters& parameters, std::string_view key) {
  for (const auto& [keyword, value] : parameters) {
    if (keyword == key) return value;
  }
  return "";
}

// Every one of a list "a,b".
bool AllAreHere(std::string_view hosts) {
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    const bool socket =
        host.empty() || host.starts_with('/') || host.starts_with('@');
    if (!socket && !IsLoopback(host)) return false;
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
  }
  return true;
}

// libpq's own words may hold parts of a password.
Result<PostgresqlParameters> Parse(const std::string& url) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(url.c_str(), &problem));
  PQfreemem(problem);
  if (options == nullptr) {
    return Error{"no address of a PostgreSQL database"};
  }
  PostgresqlParameters parameters;
  for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
    if (one->val == nullptr) continue;
    const std::string_view keyword = one->keyword;
    if (keyword == "password") return Error{"it holds a password"};
    if (std::find(kInAddress.begin(), kInAddress.end(), keyword) ==
        kInAddress.end()) {
      return Error{fmt::format("`{}` cannot be said in it", keyword)};
    }
    parameters.emplace_back(keyword, one->val);
  }
  return parameters;
}

std::string Trimmed(const char* text) {
  std::string words(text);
  while (words.ends_with('\n')) words.pop_back();
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words;
}

}  // namespace

Result<PostgresqlParameters> MakePostgresqlParameters(
    const DatabaseAddress& address, bool read_only) {
  auto parsed = Parse(address.url);
  if (!parsed.ok()) return parsed.error();
  PostgresqlParameters parameters = std::move(parsed).value();
  const bool here = AllAreHere(Get(parameters, "host")) &&
                    AllAreHere(Get(parameters, "hostaddr"));
  const bool verified = !here || !address.ca.empty();
  std::string options = kOptions;
  if (read_only) options += " -c default_transaction_read_only=on";
  if (const std::string own = Get(parameters, "options"); !own.empty()) {
    options = own + " " + options;
    std::erase_if(parameters,
                  [](const auto& one) { return one.first == "options"; });
  }
  if (!address.password.empty()) {
    parameters.emplace_back("password", address.password.Reveal());
  }
  for (const auto& [keyword, value] : PostgresqlParameters{
           {"options", options},
           {"application_name", "premura"},
           {"client_encoding", "UTF8"},
           {"connect_timeout", "5"},
           {"keepalives_idle", "10"},
           {"keepalives_interval", "5"},
           {"keepalives_count", "3"},
           {"tcp_user_timeout", "20000"},
           {"gssencmode", "disable"},
           {"target_session_attrs", read_only ? "any" : "read-write"},
           {"sslmode", verified ? "verify-full" : "prefer"}}) {
    parameters.emplace_back(keyword, value);
  }
  if (verified) {
    parameters.emplace_back(
        "sslrootcert",
        address.ca.empty() ? std::string(kSystemCertificates) : address.ca);
  }
  return parameters;
}

void PostgresqlClear::operator()(pg_result* result) const { PQclear(result); }

PostgresqlLink::PostgresqlLink(PostgresqlParameters parameters,
                               std::chrono::milliseconds patience)
    : parameters_(std::move(parameters)),
      patience_(patience),
      name_(fmt::format("{}/{}", Get(parameters_, "host"),
                        Get(parameters_, "dbname"))) {}

PostgresqlLink::~PostgresqlLink() { Disconnect(); }

bool PostgresqlLink::connected() const {
  return connection_ != nullptr && PQstatus(connection_) == CONNECTION_OK;
}

bool PostgresqlLink::in_transaction() const {
  return connected() && PQtransactionStatus(connection_) != PQTRANS_IDLE;
}

Status PostgresqlLink::Connect() {
  if (connected()) return {};
  Disconnect();
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : parameters_) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectdbParams(keywords.data(), values.data(), 0);
  if (connected()) return {};
  const Error error =
      Problem("cannot connect: " + Trimmed(PQerrorMessage(connection_)));
  Disconnect();
  return error;
}

void PostgresqlLink::Disconnect() {
  PQfinish(connection_);
  connection_ = nullptr;
}

Result<PostgresqlResult> PostgresqlLink::Execute(const std::string& sql) {
  return Await(PQsendQuery(connection_, sql.c_str()) != 0);
}

Status PostgresqlLink::Prepare(const std::string& name,
                               const std::string& sql) {
  const auto prepared = Await(
      PQsendPrepare(connection_, name.c_str(), sql.c_str(), 0, nullptr) != 0);
  return prepared.ok() ? Status() : Status(prepared.error());
}

Result<PostgresqlResult> PostgresqlLink::ExecutePrepared(
    const std::string& name, const std::vector<const char*>& values) {
  return Await(PQsendQueryPrepared(connection_, name.c_str(),
                                   static_cast<int>(values.size()),
                                   values.data(), nullptr, nullptr, 0) != 0);
}

bool PostgresqlLink::WaitForAnswer() {
  const auto end = std::chrono::steady_clock::now() + patience_;
  while (PQisBusy(connection_) != 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wanted{PQsocket(connection_), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(left.count()));
    if (PQconsumeInput(connection_) == 0) return true;  // The result says why.
  }
  return true;
}

Result<PostgresqlResult> PostgresqlLink::Await(bool sent) {
  PostgresqlResult last;
  while (sent) {
    if (!WaitForAnswer()) {
      Disconnect();
      return Problem("no answer in time");
    }
    PostgresqlResult next(PQgetResult(connection_));
    if (next == nullptr) break;
    // Of several, the first that failed speaks.
    if (last != nullptr && PQresultStatus(last.get()) == PGRES_FATAL_ERROR) {
      continue;
    }
    last = std::move(next);
  }
  if (last == nullptr) return Problem(Trimmed(PQerrorMessage(connection_)));
  const auto status = PQresultStatus(last.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return last;
  return Problem(Trimmed(PQresultErrorMessage(last.get())));
}

Error PostgresqlLink::Problem(std::string what) const {
  return Error{name_ + ": " + std::move(what)};
}

}  // namespace premura
