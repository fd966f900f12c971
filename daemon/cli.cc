// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "daemon/commands/commands.h"

namespace premura {
namespace {

constexpr const char* kDescription =
    "premura notices customers in distress in a stream of events, and acts "
    "before they ask.";

constexpr const char* kFooter =
    "Exit codes: 0 it went well; 1 mistakes were found, or it failed; 2 the "
    "command line\nis wrong.";

int Parse(std::vector<std::string> arguments, const Io& io) {
  CLI::App app(kDescription, "premura");
  app.footer(kFooter);
  app.require_subcommand(1);
  Chosen chosen;
  AddRun(&app, io, &chosen);
  AddCheck(&app, io, &chosen);
  AddSchema(&app, io, &chosen);
  AddConfig(&app, io, &chosen);
  AddBacktest(&app, io, &chosen);
  AddExplain(&app, io, &chosen);
  AddStopAll(&app, io, &chosen);
  AddVersion(&app, io, &chosen);
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, *io.out, *io.err) == 0 ? kOk : kUsage;
  }
  const int code = chosen();
  io.out->flush();
  // What could not be written has not been said.
  return io.out->good() || code != kOk ? code : kFailed;
}

}  // namespace

int RunCommandLine(std::vector<std::string> arguments, const Io& io) {
  try {
    return Parse(std::move(arguments), io);
  } catch (const std::exception& error) {
    return Fail(io, error.what());
  }
}

int Fail(const Io& io, const std::string& message, int code) {
  *io.err << "premura: " << message << '\n';
  return code;
}

std::shared_ptr<const Config> LoadConfigToLook(const Io& io,
                                               const std::string& path) {
  ConfigOptions options;
  options.read_secrets = false;
  options.environment = io.environment;
  const LoadedConfig loaded = LoadConfig(path, options);
  *io.err << RenderText(loaded.diagnostics);
  return loaded.config;
}

}  // namespace premura
