// SPDX-License-Identifier: Apache-2.0
// `premura test --probe`: each rule held to its own words.

#pragma once

#include <string>
#include <vector>

#include "daemon/commands/commands.h"

namespace premura {

struct ProbeOptions {
  std::vector<std::string> paths;  // Of rules.
  std::string run;                 // Only cases in which it is found.
  std::string junit;
};

int TestProbes(const ProbeOptions& options, const Io& io);

}  // namespace premura
