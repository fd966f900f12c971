// SPDX-License-Identifier: Apache-2.0
#include "tests/notifiers/support/postgresql_place.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/notifiers/support/ledger_place.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

struct Server {
  TempFolder folder;
  ServerProcess process{{"postgres-up.sh", folder.Path("postgres"),
                         std::to_string(FreePorts(1))}};
};

const ServerProcess& TheServer() {
  static const Server server;
  if (!server.process.ready()) throw std::runtime_error("no PostgreSQL");
  return server.process;
}

void Say(const std::string& sql) {
  auto database = OpenDatabase(PostgresqlAddress("premura"), false);
  if (!database.ok()) throw std::runtime_error(database.error().message);
  const Status done = database.value()->Script(sql);
  if (!done.ok()) throw std::runtime_error(done.error().message);
}

}  // namespace

std::string PostgresqlCa() { return TheServer()["ca"]; }

DatabaseAddress PostgresqlAddress(const std::string& database) {
  const ServerProcess& server = TheServer();
  DatabaseAddress address(server["url"] + "/" + database);
  std::string password = ReadAll(server["password_file"]);
  password.pop_back();
  address.password = Secret(std::move(password));
  return address;
}

LedgerPlace::LedgerPlace() {
  static int count = 0;
  name_ = "ledger" + std::to_string(++count);
  Say("create schema " + name_);
  address_ = PostgresqlAddress("premura?options=-csearch_path%3D" + name_);
}

LedgerPlace::~LedgerPlace() { Say("drop schema " + name_ + " cascade"); }

}  // namespace premura
