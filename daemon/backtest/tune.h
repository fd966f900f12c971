// SPDX-License-Identifier: Apache-2.0
// Tuning: a backtest for each value of one parameter of a rule, to show what
// more or fewer contacts cost in precision.
//
// The parameter is changed in the rule's text, which is then read as any rule
// is: every check applies. All other rules stay and compete as they do.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/backtest/backtest_sums.h"
#include "daemon/backtest/success.h"
#include "rules/rule_parameter.h"

namespace premura {

// No more values are tried at once.
inline constexpr std::size_t kMostTuned = 100;

// "gte=3..8", "within=5m..30m..5m", "gt=0.1..0.5..0.1".
struct TuneRange {
  std::string parameter;
  std::vector<std::string> values;
};
// Both ends are in it, if the steps meet the second. Without a step: 1, and of
// durations the smaller of the two units. Numbers with a point need one.
Result<TuneRange> ParseTuneRange(const std::string& text);

struct TuneRow {
  std::string value;
  bool as_written = false;
  BacktestSums::OfRule sums;
  std::optional<SuccessFigures> success;  // If the rule names one.
};

struct TuneOptions {
  std::vector<RuleFile> files;
  std::string rule;
  TuneRange range;
  // Runs one backtest, the `run`-th of `runs`.
  struct Found {
    BacktestSums::OfRule sums;
    std::optional<SuccessFigures> success;
  };
  std::function<Result<Found>(std::shared_ptr<const RuleSet>, std::size_t run,
                              std::size_t runs)>
      run;
};

struct Tuned {
  std::string rule;
  RuleParameter parameter;
  // In order of the range, the value as it is written among them: first, if
  // the range does not have it.
  std::vector<TuneRow> rows;
};

// What a backtest found, of one rule.
TuneOptions::Found FoundBy(const std::string& rule, const BacktestSums& sums,
                           const std::vector<SuccessFigures>& figures);

// Nothing is run if any value makes a rule that is refused.
Result<Tuned> Tune(const TuneOptions& options);

// For people; for spreadsheets; for programs.
std::string TuneTable(const Tuned& tuned);
std::string TuneCsv(const Tuned& tuned);
std::string TuneJsonLines(const Tuned& tuned);

}  // namespace premura
