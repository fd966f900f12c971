// SPDX-License-Identifier: Apache-2.0
// Secrets for commands that read the configuration without them and need one
// after all.

#pragma once

#include <string>

#include "daemon/config/config.h"
#include "notifiers/secret.h"
#include "rules/result.h"

namespace premura {

// What stands where Config::secret_origins says, now; empty if it names none.
// `path` is the key's: "http.admin.token".
Result<Secret> FetchSecret(const Config& config, const ConfigOptions& options,
                           const std::string& path);

}  // namespace premura
