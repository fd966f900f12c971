// SPDX-License-Identifier: Apache-2.0
// The subcommands of `premura`: one function each that tells the parser its
// options and what to run, in a file of the same name.

#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "daemon/config.h"
#include "rules/diagnostic.h"

namespace CLI {
class App;
}

namespace premura {

// What a command answers to its caller.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;  // Mistakes were found, or it did not work.
inline constexpr int kUsage = 2;   // The command line itself is wrong.

struct Io {
  std::ostream* out = nullptr;
  std::ostream* err = nullptr;
  bool terminal = false;  // `out` is one.
  std::function<std::optional<std::string>(const std::string&)> environment;
};

// What the parser found to run.
using Chosen = std::function<int()>;

void AddRun(CLI::App* app, const Io& io, Chosen* chosen);
void AddCheck(CLI::App* app, const Io& io, Chosen* chosen);
void AddSchema(CLI::App* app, const Io& io, Chosen* chosen);
void AddConfig(CLI::App* app, const Io& io, Chosen* chosen);
void AddBacktest(CLI::App* app, const Io& io, Chosen* chosen);
void AddExplain(CLI::App* app, const Io& io, Chosen* chosen);
void AddStopAll(CLI::App* app, const Io& io, Chosen* chosen);
void AddVersion(CLI::App* app, const Io& io, Chosen* chosen);

// "error: ..", on its own line; answers `code`.
int Fail(const Io& io, const std::string& message, int code = kFailed);

// The configuration for commands that only look: without secrets. Mistakes go
// to `io.err`; nullptr then.
std::shared_ptr<const Config> LoadConfigToLook(const Io& io,
                                               const std::string& path);

}  // namespace premura
