// SPDX-License-Identifier: Apache-2.0
// `premura version`.

#include "daemon/version.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"

namespace premura {

const char* Version() { return PREMURA_VERSION; }

void AddVersion(CLI::App* app, const Io& io, Chosen* chosen) {
  CLI::App* const command =
      app->add_subcommand("version", "Print the version.");
  command->callback([io, chosen] {
    *chosen = [io] {
      *io.out << "premura " << Version() << '\n';
      return kOk;
    };
  });
}

}  // namespace premura
