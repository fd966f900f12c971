// SPDX-License-Identifier: Apache-2.0
// Backtest: rules over events of the past, from a file, on one thread: the
// engine of the daemon with the clock of the events.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  std::optional<Timestamp> from;   // Detections before it are not shown.
  std::optional<Timestamp> to;     // Events from it on are not taken.
};

struct BacktestCounts {
  std::uint64_t records = 0;
  std::uint64_t events = 0;
  std::uint64_t detections = 0;  // Shown.
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;
  std::map<Refusal, std::uint64_t> refused;
};

// Hands detections to `sink` in firing order. `profiles` are changed by what
// the events say.
Result<BacktestCounts> RunBacktest(const BacktestOptions& options,
                                   std::shared_ptr<const RuleSet> rules,
                                   ProfileStore* profiles, DetectionSink* sink);

}  // namespace premura
