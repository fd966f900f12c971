// SPDX-License-Identifier: Apache-2.0
// What a SuccessCounter counted, for people and programs.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/backtest/success.h"

namespace premura {

// Without figures: a sentence that says why there are none.
std::string SuccessTable(const std::vector<SuccessFigures>& figures);
std::string SuccessCsv(const std::vector<SuccessFigures>& figures);
// One object per line: {"rule":..,"success":{..}}.
std::string SuccessJsonLines(const std::vector<SuccessFigures>& figures);

// All that is known of one rule, under the names that programs read. A value
// that nobody knows is empty.
std::vector<std::pair<const char*, std::string>> SuccessFields(
    const SuccessFigures& figures);
// The same as a JSON object.
std::string SuccessJson(const SuccessFigures& figures);

// "61 % (57-65)"; "-" of nothing.
std::string FormatShare(const Share& share);
// "1.5 (1.4-1.6)", "1.5 (above 1.4)"; "-" of nothing.
std::string FormatRatio(const std::optional<Ratio>& ratio);
// "5h 10m (4h-6h)".
std::string FormatQuantile(const std::optional<Quantile>& quantile);
// Rounded to its two largest units: "5h 10m", "340ms".
std::string FormatSpan(Duration span);

}  // namespace premura
