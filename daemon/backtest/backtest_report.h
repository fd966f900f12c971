// SPDX-License-Identifier: Apache-2.0
// What a backtest prints: a table of sums, or each contact or detection as it
// comes.
//
// Thread: one at a time. `out` must outlive them.

#pragma once

#include <iosfwd>
#include <memory>

#include "daemon/backtest/backtest.h"
#include "rules/rule_set.h"

namespace premura {

class BacktestReport : public BacktestSink {
 public:
  // Writes what is left to be written. Call once, last.
  virtual void Finish() = 0;
};

// By rule, for each of `rules`: detections, customers, what would have been
// sent by channel, and what would not, by reason.
std::unique_ptr<BacktestReport> NewTableReport(
    std::shared_ptr<const RuleSet> rules, std::ostream* out);
// A line for each contact, under a line of names.
std::unique_ptr<BacktestReport> NewCsvReport(std::ostream* out);
// One object for each detection (ToJson()), and for each contact one that has
// a `channel`.
std::unique_ptr<BacktestReport> NewJsonReport(std::ostream* out);

}  // namespace premura
