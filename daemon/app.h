// SPDX-License-Identifier: Apache-2.0
// App: the daemon put together: configuration -> templates and rules ->
// profiles -> outreach -> pipeline -> admin server.
//
// Thread: one at a time: the main one, and while it waits for the end the one
// that it has sent to Stop(). What fails at start fails in
// NewApp; what fails later shows in log, metrics and /readyz.

#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "daemon/config/config.h"
#include "daemon/leap_guard.h"
#include "notifiers/clock.h"
#include "rules/diagnostic.h"
#include "rules/result.h"

namespace premura {

struct AppOptions {
  std::string config_path;
  ConfigOptions config;
  const Clock* clock = nullptr;
  LeapGuard* leaps = nullptr;         // Its news go to the log.
  std::ostream* log = nullptr;        // nullptr: standard error.
  std::ostream* decisions = nullptr;  // Not nullptr: one line per decision.
  bool colours = false;               // In `decisions`.
};

class App {
 public:
  virtual ~App() = default;  // Stops at once.

  // To be called a few times a second: looks for changed files, prints
  // decisions.
  virtual void Tick() = 0;

  // Reads configuration, rules, templates, profiles and secrets again: whole
  // or not at all. Says in log and metrics how it went; false: nothing changed.
  virtual bool Reload() = 0;

  // Every source has ended, and nothing is left to send now but what needs a
  // person: what is held waits for a later hour. Comes true only if the
  // configuration Ends().
  virtual bool Settled() const = 0;
  virtual bool SourcesEnded() const = 0;
  // Why nothing will happen any more, if so: every source has ended by a
  // failure, or what the state is kept in has been away for long.
  virtual std::optional<std::string> Failure() = 0;
  virtual int admin_port() const = 0;

  // Stops reading, lets what was read become durable and what is being sent
  // finish, all within `limit`. False, and a warning in the log: not all that
  // was read was written.
  virtual bool Stop(Duration limit) = 0;
};

// Mistakes in files are put into `diagnostics` (warnings too, if it starts).
Result<std::unique_ptr<App>> NewApp(const AppOptions& options,
                                    Diagnostics* diagnostics);

}  // namespace premura
