// SPDX-License-Identifier: Apache-2.0
// The engines behind OpenDatabase(), one file each.

#pragma once

#include <memory>
#include <string>

#include "notifiers/database.h"

namespace premura {

Result<std::unique_ptr<Database>> OpenSqlite(const std::string& path,
                                             bool read_only);
Result<std::unique_ptr<Database>> OpenPostgresql(const DatabaseAddress& address,
                                                 bool read_only);
Status CheckPostgresqlAddress(const DatabaseAddress& address);

}  // namespace premura
