// SPDX-License-Identifier: Apache-2.0
// SuccessCounter: whether a rule finds people in trouble. Of the customers it
// found in the past, how many did not reach the rule's `success` by themselves
// within its time, beside all customers who were active. LANGUAGE.md, "Does a
// rule find people in trouble?", is the definition.
//
// Thread: one at a time. What it answers does not depend on the order of the
// calls.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/backtest/backtest.h"
#include "daemon/backtest/estimate.h"

namespace premura {

struct SuccessFigures {
  std::string rule;
  Duration within{};
  // Customers, each by the first detection. `open`: of them, those whose time
  // was not over when the events ended; they are in no share.
  std::uint64_t found = 0;
  std::uint64_t open = 0;
  Share in_trouble;  // Did not reach success. whole == found - open.
  // All active customers, each from the first event that is shown.
  Share all_customers;
  std::optional<Ratio> lift;  // in_trouble over all_customers.
  // From detection to success, of those who reached it in time.
  std::optional<Quantile> median, p90;
};

class SuccessCounter : public BacktestSink {
 public:
  // One for each rule that runs and names a `success`, in order of ids.
  virtual std::vector<SuccessFigures> Figures() const = 0;
};

// `from`: what is before it is not shown; `until`: the clock goes on to it at
// the end. `profiles` must outlive it.
std::unique_ptr<SuccessCounter> NewSuccessCounter(
    std::shared_ptr<const RuleSet> rules, const ProfileStore* profiles,
    std::optional<Timestamp> from, std::optional<Timestamp> until);

}  // namespace premura
