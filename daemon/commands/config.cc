// SPDX-License-Identifier: Apache-2.0
// `premura config`: the configuration complete, with its defaults.

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"

namespace premura {

void AddConfig(CLI::App* app, const Io& io, Chosen* chosen) {
  auto path = std::make_shared<std::string>();
  CLI::App* const command = app->add_subcommand(
      "config",
      "Print the configuration complete, with defaults filled in. Secrets "
      "stand as where they come from.");
  AddConfigOption(command, path.get());
  command->callback([path, io, chosen] {
    *chosen = [path, io] {
      const auto config = LoadConfigToLook(io, *path);
      if (config == nullptr) return kFailure;
      *io.out << FormatConfig(*config);
      return kOk;
    };
  });
}

}  // namespace premura
