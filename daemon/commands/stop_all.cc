// SPDX-License-Identifier: Apache-2.0
// `premura stop-all on|off|status`: the switch that stops every contact. It
// stands in the ledger: a daemon that runs obeys within a second, and one that
// starts later too.

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/state_dir.h"
#include "notifiers/clock.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"

namespace premura {
namespace {

struct Options {
  std::string what;
  std::string config;
  std::string ledger;  // Its address, instead of a configuration.
};

void Say(const StopAll& state, std::ostream* out) {
  *out << "stop-all is " << (state.on ? "on: nothing is sent" : "off");
  if (!state.by.empty()) {
    *out << " (since " << FormatInstant(state.since) << ", by " << state.by
         << ")";
  }
  *out << '\n';
}

// Before the first start there is no ledger: a careful one begins stopped. One
// that is named by hand must be there: a brake beside the daemon's stops
// nothing.
Result<std::unique_ptr<Ledger>> OpenToThrow(const Options& options,
                                            const Config& config,
                                            const Io& io) {
  if (!options.ledger.empty() || !WouldBeMade(config.ledger)) {
    return OpenLedger(config, io, Ledger::Access::kWrite);
  }
  const auto folder = StateDir::Open(config.state_dir);
  if (!folder.ok()) return folder.error();
  return Ledger::Open(config.ledger, Ledger::Access::kWrite);
}

std::shared_ptr<const Config> LoadFor(const Options& options, const Io& io) {
  if (options.ledger.empty()) {
    auto found = LoadConfigToLedger(io, options.config);
    if (found == nullptr) {
      *io.err << "where the ledger is can be said without it: --ledger "
                 "sqlite:PATH or postgresql://..\n";
    }
    return found;
  }
  auto config = std::make_shared<Config>();
  config->ledger.url = options.ledger;
  return config;
}

// A command line is for all to read who list the processes.
int FailToOpen(const Options& options, const Io& io, const Error& error) {
  const int code = Fail(io, error.message);
  if (options.ledger.starts_with("postgres")) {
    *io.err << "the ledger's password is taken from PGPASSWORD or ~/.pgpass, "
               "not from its address\n";
  }
  return code;
}

int SetOrShow(const Options& options, const Io& io) {
  const auto config = LoadFor(options, io);
  if (config == nullptr) return kFailure;
  const bool show = options.what == "status";
  if (show && options.ledger.empty() && WouldBeMade(config->ledger)) {
    *io.out << "stop-all is off: there is no ledger yet (" << config->ledger.url
            << ")\n";
    return kOk;
  }
  auto ledger = show ? OpenLedger(*config, io, Ledger::Access::kRead)
                     : OpenToThrow(options, *config, io);
  if (!ledger.ok()) return FailToOpen(options, io, ledger.error());
  if (!show) {
    StopAll state;
    state.on = options.what == "on";
    state.by = WhoAmI();
    state.since = SystemClock().Now();
    Status set = ledger.value()->SetStopAll(state);
    // By whoever lifts it: no instance need be there that had seen it on.
    if (set.ok() && !state.on) {
      set = Outbox(ledger.value()->database())
                .Release(Reason::kStopAll, "", state.since);
    }
    if (!set.ok()) return Fail(io, set.error().message);
  }
  const auto state = ledger.value()->ReadStopAll();
  if (!state.ok()) return Fail(io, state.error().message);
  Say(state.value(), io.out);
  return kOk;
}

}  // namespace

void AddStopAll(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "stop-all",
      "Stop every contact of every rule, until it is lifted. Detections and "
      "decisions are recorded meanwhile.");
  command->add_option("WHAT", options->what, "on, off or status")
      ->required()
      ->check(CLI::IsMember({"on", "off", "status"}));
  AddConfigOption(command, &options->config);
  command->add_option("--ledger", options->ledger,
                      "The ledger's address (sqlite:PATH, "
                      "postgresql://USER@HOST/NAME, whose password is taken "
                      "from PGPASSWORD or ~/.pgpass), where the configuration "
                      "cannot be read");
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return SetOrShow(*options, io); };
  });
}

}  // namespace premura
