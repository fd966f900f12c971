// SPDX-License-Identifier: Apache-2.0
// A backtest as one HTML page that needs nothing else: no network, no other
// file. Charts are inline SVG; a small script draws the timeline of a chosen
// customer. A strict Content-Security-Policy lets nothing else run or load.

#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "daemon/backtest/backtest_report.h"
#include "daemon/backtest/success.h"

namespace premura {

// html/report.css, html/report.js.
extern const char kReportStyle[];
extern const char kReportScript[];

struct HtmlReportOptions {
  // Whose timelines are in the page, at most; the page says how many are not.
  static constexpr std::size_t kMostCustomers = 300;

  std::shared_ptr<const RuleSet> rules;
  std::string events;  // What was read, for the title.
  std::optional<Timestamp> from;
  // Hears the same as the report; must outlive it.
  const SuccessCounter* success = nullptr;
};

std::unique_ptr<BacktestReport> NewHtmlReport(HtmlReportOptions options,
                                              std::ostream* out);

}  // namespace premura
