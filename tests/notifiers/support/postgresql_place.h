// SPDX-License-Identifier: Apache-2.0
// The PostgreSQL server of a test program: one, started when it is first asked
// for, and a schema of its own for whoever wants one.

#pragma once

#include <string>

#include "notifiers/database.h"

namespace premura {

// Its certificate, which is of `localhost`.
std::string PostgresqlCa();
// "postgresql://premura@127.0.0.1:PORT" and a database's name.
DatabaseAddress PostgresqlAddress(const std::string& database);

}  // namespace premura
