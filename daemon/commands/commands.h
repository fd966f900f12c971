// SPDX-License-Identifier: Apache-2.0
// The subcommands of `premura`: one function each that tells the parser its
// options and what to run, in a file of the same name.

#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "daemon/config/config.h"
#include "notifiers/ledger.h"
#include "rules/diagnostic.h"
#include "rules/result.h"

namespace CLI {
class App;
}

namespace premura {

// What a command answers to its caller.
inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;  // Mistakes were found, or it did not work.
inline constexpr int kUsage = 2;    // The command line itself is wrong.

struct Io {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool terminal = false;      // `out` is one.
  bool err_terminal = false;  // `err` is one.
  std::function<std::optional<std::string>(const std::string&)> environment;
  // Where the configuration is if nobody says.
  std::string default_config = "/etc/premura/premura.yaml";
};

// What the parser found to run.
using Chosen = std::function<int()>;

void AddRun(CLI::App* app, const Io& io, Chosen* chosen);
void AddCheck(CLI::App* app, const Io& io, Chosen* chosen);
void AddInfer(CLI::App* app, const Io& io, Chosen* chosen);
void AddRender(CLI::App* app, const Io& io, Chosen* chosen);
void AddRules(CLI::App* app, const Io& io, Chosen* chosen);
void AddSchema(CLI::App* app, const Io& io, Chosen* chosen);
void AddConfig(CLI::App* app, const Io& io, Chosen* chosen);
void AddBacktest(CLI::App* app, const Io& io, Chosen* chosen);
void AddExplain(CLI::App* app, const Io& io, Chosen* chosen);
void AddStopAll(CLI::App* app, const Io& io, Chosen* chosen);
void AddHeld(CLI::App* app, const Io& io, Chosen* chosen);
void AddRelease(CLI::App* app, const Io& io, Chosen* chosen);
void AddDrop(CLI::App* app, const Io& io, Chosen* chosen);
void AddSettle(CLI::App* app, const Io& io, Chosen* chosen);
void AddTest(CLI::App* app, const Io& io, Chosen* chosen);
void AddVersion(CLI::App* app, const Io& io, Chosen* chosen);

// The user's name, for what is written down of a person's doing.
std::string WhoAmI();

// "premura: ..", on its own line; answers `code`.
int Fail(const Io& io, const std::string& message, int code = kFailure);

// `-c FILE`, for commands that need a configuration.
void AddConfigOption(CLI::App* command, std::string* path);
// What `-c` says, or PREMURA_CONFIG, or Io::default_config; an error if nobody
// says and none is there.
Result<std::string> ConfigPath(const Io& io, const std::string& given);

// The configuration for commands that only look: without secrets. Mistakes go
// to `io.err`; nullptr then. `given` is what `-c` says.
std::shared_ptr<const Config> LoadConfigToLook(const Io& io,
                                               const std::string& given);

// The same for commands that need no more than the ledger: mistakes elsewhere
// do not keep anybody from the brake.
std::shared_ptr<const Config> LoadConfigToLedger(const Io& io,
                                                 const std::string& given);

// The ledger that the configuration names, with its password. For writing it
// must be there already: no daemon would look into a new one.
Result<std::unique_ptr<Ledger>> OpenLedger(const Config& config, const Io& io,
                                           Ledger::Access access);

}  // namespace premura
