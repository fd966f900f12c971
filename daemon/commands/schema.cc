// SPDX-License-Identifier: Apache-2.0
// `premura schema`: the JSON Schema of a rules file, for editors.

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "rules/rule_set.h"

namespace premura {

void AddSchema(CLI::App* app, const Io& io, Chosen* chosen) {
  CLI::App* const command = app->add_subcommand(
      "schema", "Print the JSON Schema of a rules file, for editors.");
  command->callback([io, chosen] {
    *chosen = [io] {
      const std::string schema = RuleSchema();
      *io.out << schema << (schema.ends_with('\n') ? "" : "\n");
      return kOk;
    };
  });
}

}  // namespace premura
