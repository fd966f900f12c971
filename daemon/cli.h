// SPDX-License-Identifier: Apache-2.0
// The command line of `premura`.

#pragma once

#include <string>
#include <vector>

#include "daemon/commands/commands.h"

namespace premura {

// Runs what `arguments` (without the program's name) say and answers the exit
// code: 0 it went well, 1 mistakes were found or it failed, 2 the command line
// is wrong. Throws nothing.
int RunCommandLine(std::vector<std::string> arguments, const Io& io);

}  // namespace premura
