// SPDX-License-Identifier: Apache-2.0
// `premura` as a person at a terminal runs it, without a process.

#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "daemon/cli.h"

namespace premura {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

// `configuration` is what PREMURA_CONFIG names; else there is none.
inline Ran Premura(std::vector<std::string> arguments,
                   const std::string& configuration = "",
                   bool terminal = false) {
  std::ostringstream out, err;
  Io io;
  io.terminal = io.err_terminal = terminal;
  io.out = &out;
  io.err = &err;
  io.environment =
      [&configuration](const std::string& name) -> std::optional<std::string> {
    if (name == "PREMURA_CONFIG" && !configuration.empty()) {
      return configuration;
    }
    return std::nullopt;
  };
  io.default_config = "/nowhere/premura.yaml";
  Ran ran;
  ran.code = RunCommandLine(std::move(arguments), io);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

inline Ran PremuraOnATerminal(std::vector<std::string> arguments) {
  return Premura(std::move(arguments), "", true);
}

}  // namespace premura
