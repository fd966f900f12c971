// SPDX-License-Identifier: Apache-2.0
#include "daemon/cli.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/config/config_reader.h"
#include "daemon/config/secret_origin.h"
#include "daemon/terminal/terminal_filter.h"
#include "daemon/version.h"
#include "rules/diagnostic.h"
#include "rules/printable.h"

namespace premura {
namespace {

constexpr const char* kDescription =
    "premura notices customers in distress in a stream of events, and acts "
    "before they ask.";

constexpr const char* kFooter =
    "Without -c the configuration is the file that the environment variable\n"
    "PREMURA_CONFIG names, else /etc/premura/premura.yaml.\n\n"
    "Exit codes: 0 it went well; 1 mistakes were found, or it failed; 2 the "
    "command line\nis wrong.";

// Empty if it is one, or none is named.
std::string UnknownCommand(const CLI::App& app,
                           const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0].starts_with('-')) return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->get_name() == arguments[0]) return "";
    names.push_back(command->get_name());
  }
  const std::string nearest = Nearest(arguments[0], names);
  return fmt::format("unknown command `{}`: {}", Printable(arguments[0]),
                     nearest.empty() ? "`premura --help` lists them"
                                     : "did you mean `" + nearest + "`?");
}

int Parse(std::vector<std::string> arguments, const Io& io) {
  if (!arguments.empty() && arguments[0] == "help") {  // "help run"
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  // `run` sees to it by itself, for it has colours.
  Io shown = io;
  std::unique_ptr<std::ostream> filter;
  if (io.terminal) {
    filter = NewTerminalFilter(io.out);
    shown.out = filter.get();
  }
  CLI::App app(kDescription, "premura");
  app.footer(kFooter);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("premura ") + Version());
  Chosen chosen;
  AddRun(&app, io, &chosen);
  AddCheck(&app, shown, &chosen);
  AddInfer(&app, shown, &chosen);
  AddRender(&app, shown, &chosen);
  AddRules(&app, shown, &chosen);
  AddSchema(&app, shown, &chosen);
  AddConfig(&app, shown, &chosen);
  AddTest(&app, shown, &chosen);
  AddBacktest(&app, shown, &chosen);
  AddExplain(&app, shown, &chosen);
  AddStopAll(&app, shown, &chosen);
  AddHeld(&app, shown, &chosen);
  AddRelease(&app, shown, &chosen);
  AddDrop(&app, shown, &chosen);
  AddSettle(&app, shown, &chosen);
  AddVersion(&app, shown, &chosen);
  const std::string unknown = UnknownCommand(app, arguments);
  if (!unknown.empty()) return Fail(io, unknown, kUsage);
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants them.
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, *shown.out, *io.err) == 0 ? kOk : kUsage;
  }
  const int code = chosen();
  shown.out->flush();
  // What could not be written has not been said.
  return shown.out->good() || code != kOk ? code : kFailure;
}

LoadedConfig LoadWithoutSecrets(const Io& io, const std::string& given) {
  const Result<std::string> path = ConfigPath(io, given);
  if (!path.ok()) {
    Fail(io, path.error().message);
    return {};
  }
  ConfigOptions options;
  options.read_secrets = false;
  options.environment = io.environment;
  LoadedConfig loaded = LoadConfig(path.value(), options);
  *io.err << RenderText(loaded.diagnostics);
  return loaded;
}

}  // namespace

int RunCommandLine(std::vector<std::string> arguments, const Io& io) {
  try {
    return Parse(std::move(arguments), io);
  } catch (const std::exception& error) {
    return Fail(io, error.what());
  }
}

std::string WhoAmI() {
  const passwd* const entry = getpwuid(getuid());
  std::string name =
      entry != nullptr ? entry->pw_name : std::to_string(getuid());
  const char* const person = std::getenv("SUDO_USER");
  if (person == nullptr || !IsPlainName(person)) return name;
  return std::string(person) + " as " + name;
}

int Fail(const Io& io, const std::string& message, int code) {
  *io.err << "premura: " << message << '\n';
  return code;
}

void AddConfigOption(CLI::App* command, std::string* path) {
  command->add_option("-c,--config", *path,
                      "Configuration file; by default that of PREMURA_CONFIG, "
                      "else /etc/premura/premura.yaml");
}

Result<std::string> ConfigPath(const Io& io, const std::string& given) {
  if (!given.empty()) return given;
  constexpr const char* kName = "PREMURA_CONFIG";
  std::optional<std::string> named;
  if (io.environment) {
    named = io.environment(kName);
  } else if (const char* const text = std::getenv(kName)) {
    named = text;
  }
  if (named && !named->empty()) return *named;
  // One that may not be looked at is told when it is read.
  std::error_code error;
  if (std::filesystem::exists(io.default_config, error) || error) {
    return io.default_config;
  }
  return Error{"which configuration? " + io.default_config +
               " is not there, and PREMURA_CONFIG names none: say -c FILE"};
}

Result<std::unique_ptr<Ledger>> OpenLedger(const Config& config, const Io& io,
                                           Ledger::Access access) {
  DatabaseAddress address = config.ledger;
  ConfigOptions environment;
  environment.environment = io.environment;
  auto password = FetchSecret(config, environment, "ledger.password");
  if (!password.ok()) return password.error();
  address.password = std::move(password).value();
  auto ledger = Ledger::Open(address, Ledger::Access::kRead);
  if (!ledger.ok() || access == Ledger::Access::kRead) return ledger;
  return Ledger::Open(address, access);
}

std::shared_ptr<const Config> LoadConfigToLook(const Io& io,
                                               const std::string& given) {
  return LoadWithoutSecrets(io, given).config;
}

std::shared_ptr<const Config> LoadConfigToLedger(const Io& io,
                                                 const std::string& given) {
  const LoadedConfig loaded = LoadWithoutSecrets(io, given);
  if (loaded.config == nullptr && loaded.to_ledger != nullptr) {
    *io.err << "the ledger can be found all the same:\n";
  }
  return loaded.to_ledger;
}

}  // namespace premura
