// SPDX-License-Identifier: Apache-2.0
// Backtest: rules over events of the past: the engine of the daemon and, where
// asked for, its gates, with the clock of the events. What it finds does not
// depend on how many cores work for it.
//
// The same events can be played as often as wanted, with other rules, profiles
// or gates: each run begins from nothing.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "daemon/backtest/backtest_sink.h"
#include "daemon/simulation/past_events.h"
#include "daemon/simulation/simulation.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/event_decoder.h"
#include "signals/intake.h"
#include "signals/profile.h"

namespace premura {

struct BacktestOptions {
  // nullopt: recognised from the first records.
  std::optional<Preset> preset;
  DecoderOptions decoder;  // Its preset is overwritten by the above.
  IntakeOptions intake;
  bool sort = false;
  SelfPreservation self_preservation;  // Off, unless it says otherwise.
  std::optional<Timestamp> until;      // The clock goes on to it at the end.
  std::optional<Timestamp> from;       // What is before it is not shown.
  std::optional<Timestamp> to;         // Events from it on are not taken.
  // All as a daemon that reads along has it at this instant (past_decoders.h),
  // its clock too. REQUIRES, if given: cores == 1, no `until`, no `to`.
  std::optional<Timestamp> as_of;
  int cores = 1;  // Threads that run rules.
  // The files' layer, as every run begins.
  std::map<std::string, Profile::Values> profiles;
  std::optional<SimulatedGates> gates;  // nullopt: detections only.
  // Now and then while events are read: how much is done (PastEvents::Done()).
  std::function<void(std::optional<double>)> on_progress;
};

struct BacktestCounts {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t shown_events = 0;  // Not before `from`.
  bool known_customers = false;    // Some are of customers that files know.
  std::uint64_t detections = 0;    // Shown.
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;
  std::uint64_t not_yet = 0;  // Not newer than `as_of`, but had not come.
  std::map<Refusal, std::uint64_t> refused;
};

// The sink is called in the caller's thread while the events are read.
Result<BacktestCounts> RunBacktest(PastEvents* events,
                                   const BacktestOptions& options,
                                   const std::shared_ptr<const RuleSet>& rules,
                                   BacktestSink* sink);

}  // namespace premura
