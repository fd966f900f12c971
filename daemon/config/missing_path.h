// SPDX-License-Identifier: Apache-2.0
// Rules, templates and profiles that are not there are a mistake of the
// configuration that names them, and are told with its line.

#pragma once

#include "daemon/config/config.h"
#include "rules/diagnostic.h"

namespace premura {

// Gives that place to every error about such a path as a whole. The
// configuration is read again for it, if there is one.
void PlaceMissing(const Config& config, Diagnostics* diagnostics);

}  // namespace premura
