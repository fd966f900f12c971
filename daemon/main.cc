// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <iostream>

#include "daemon/cli.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  premura::Io io;
  io.out = &std::cout;
  io.err = &std::cerr;
  io.terminal = isatty(STDOUT_FILENO) == 1;
  io.err_terminal = isatty(STDERR_FILENO) == 1;
  return premura::RunCommandLine({argv + 1, argv + argc}, io);
}
