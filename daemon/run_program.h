// SPDX-License-Identifier: Apache-2.0
// Runs another program, without a shell, and waits for it.

#pragma once

#include <string>
#include <vector>

#include "rules/result.h"

namespace premura {

struct ProgramOutput {
  int code = 0;  // As a shell counts: 128 + n if signal n ended it.
  std::string out;
  std::string err;
};

// `words`: the program, found in PATH, and its arguments. It reads nothing.
// Fails if it cannot be run at all.
Result<ProgramOutput> RunProgram(const std::vector<std::string>& words);

}  // namespace premura
