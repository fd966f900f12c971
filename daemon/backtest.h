// SPDX-License-Identifier: Apache-2.0
// Backtest: rules over events of the past, from a file, on one thread: the
// engine of the daemon and, where asked for, its gates, with the clock of the
// events.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/simulation.h"
#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/detection.h"
#include "signals/event_decoder.h"
#include "signals/intake.h"
#include "signals/profile.h"

namespace premura {

struct BacktestOptions {
  std::string events;  // JSON Lines, .gz, .zst, "-"
  // nullopt: recognised from the first records.
  std::optional<Preset> preset;
  DecoderOptions decoder;  // Its preset is overwritten by the above.
  IntakeOptions intake;
  bool sort = false;
  std::optional<Timestamp> until;  // The clock goes on to it at the end.
  std::optional<Timestamp> from;   // What is before it is not shown.
  std::optional<Timestamp> to;     // Events from it on are not taken.
};

// What is found, in order. The calls come while the events are read.
class BacktestSink {
 public:
  virtual ~BacktestSink() = default;
  virtual void OnDetection(const Detection& detection) = 0;
  virtual void OnContact(const SimulatedContact& contact) = 0;

  // Asked once, before the first event: whether OnEvent() shall be called.
  virtual bool WantsEvents() const { return false; }
  // An event that the rules take, those before `from` too. Views live during
  // the call.
  virtual void OnEvent(const Event&) {}
};

struct BacktestCounts {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t detections = 0;  // Shown.
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;
  std::map<Refusal, std::uint64_t> refused;
};

// `gates`: restraint and channels; its other members are filled in. nullptr:
// detections only. `profiles` are changed by what the events say.
Result<BacktestCounts> RunBacktest(const BacktestOptions& options,
                                   const std::shared_ptr<const RuleSet>& rules,
                                   ProfileStore* profiles,
                                   const SimulationOptions* gates,
                                   BacktestSink* sink);

}  // namespace premura
