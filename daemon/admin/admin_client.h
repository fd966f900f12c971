// SPDX-License-Identifier: Apache-2.0
// AdminGet: a page of the admin server of a running daemon, for commands.

#pragma once

#include <string>

#include "daemon/config/config.h"
#include "rules/result.h"

namespace premura {

struct AdminPage {
  int status = 0;
  std::string body;
};

// `target` is the path and query. Waits a few seconds at most; an error if no
// daemon answers. `config` was loaded without secrets: the token is read here.
Result<AdminPage> AdminGet(const Config& config,
                           const ConfigOptions& environment,
                           const std::string& target);

}  // namespace premura
