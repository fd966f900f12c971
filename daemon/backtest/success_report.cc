// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/success_report.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "daemon/terminal/text_table.h"
#include "rules/readable_duration.h"
#include "rules/value.h"

namespace premura {
namespace {

// A figure with its bounds, each empty where there is none.
using Figure = std::pair<const char*, std::string>;

double Seconds(Duration span) {
  return static_cast<double>(span.count()) / 1000;
}

void AddShare(const std::array<const char*, 4>& names, const Share& share,
              std::vector<Figure>* into) {
  into->emplace_back(names[0], std::to_string(share.whole));
  const bool any = share.whole > 0;
  const Interval interval = any ? share.interval() : Interval{};
  const auto add = [&](const char* name, double value) {
    into->emplace_back(name, any ? fmt::format("{:.4f}", value) : "");
  };
  add(names[1], any ? share.value() : 0);
  add(names[2], interval.low);
  add(names[3], interval.high);
}

void AddQuantile(const std::array<const char*, 3>& names,
                 const std::optional<Quantile>& quantile,
                 std::vector<Figure>* into) {
  const auto add = [&](const char* name, const std::optional<Duration>& span) {
    into->emplace_back(name, span ? fmt::format("{}", Seconds(*span)) : "");
  };
  add(names[0], quantile ? std::optional(quantile->value) : std::nullopt);
  add(names[1], quantile ? quantile->low : std::nullopt);
  add(names[2], quantile ? quantile->high : std::nullopt);
}

void AddRatio(const std::optional<Ratio>& ratio, std::vector<Figure>* into) {
  const auto add = [&](const char* name, const std::optional<double>& value) {
    into->emplace_back(name, value ? fmt::format("{:.4f}", *value) : "");
  };
  add("lift", ratio ? std::optional(ratio->value) : std::nullopt);
  add("lift_low", ratio ? std::optional(ratio->low) : std::nullopt);
  add("lift_high", ratio ? ratio->high : std::nullopt);
}

}  // namespace

std::vector<std::pair<const char*, std::string>> SuccessFields(
    const SuccessFigures& of) {
  std::vector<Figure> all = {
      {"within_s", fmt::format("{}", Seconds(of.within))},
      {"found", std::to_string(of.found)},
      {"open", std::to_string(of.open)},
      {"reached", std::to_string(of.in_trouble.whole - of.in_trouble.part)}};
  AddShare({"decided", "precision", "precision_low", "precision_high"},
           of.in_trouble, &all);
  AddShare({"all_customers", "base", "base_low", "base_high"}, of.all_customers,
           &all);
  AddRatio(of.lift, &all);
  AddQuantile({"lead_median_s", "lead_median_low_s", "lead_median_high_s"},
              of.median, &all);
  AddQuantile({"lead_p90_s", "lead_p90_low_s", "lead_p90_high_s"}, of.p90,
              &all);
  return all;
}

std::string SuccessJson(const SuccessFigures& figures) {
  std::string members;
  for (const auto& [name, value] : SuccessFields(figures)) {
    members += fmt::format("{}\"{}\":{}", members.empty() ? "" : ",", name,
                           value.empty() ? "null" : value);
  }
  return "{" + members + "}";
}

std::string FormatSpan(Duration span) {
  static constexpr std::int64_t kUnits[] = {86'400'000, 3'600'000, 60'000,
                                            1000};
  std::int64_t rest = span.count();
  for (std::size_t i = 0; i + 1 < std::size(kUnits); ++i) {
    const std::int64_t smaller = kUnits[i + 1];
    const std::int64_t rounded = (rest + smaller / 2) / smaller * smaller;
    if (rounded >= kUnits[i]) return ReadableDuration(Duration(rounded));
  }
  if (rest >= 1000) rest = (rest + 500) / 1000 * 1000;
  return rest == 0 ? "0ms" : ReadableDuration(Duration(rest));
}

std::string FormatShare(const Share& share) {
  if (share.whole == 0) return "-";
  const Interval interval = share.interval();
  return fmt::format("{:.0f} % ({:.0f}-{:.0f})", 100 * share.value(),
                     100 * interval.low, 100 * interval.high);
}

std::string FormatRatio(const std::optional<Ratio>& ratio) {
  if (!ratio) return "-";
  return ratio->high
             ? fmt::format("{:.2f} ({:.2f}-{:.2f})", ratio->value, ratio->low,
                           *ratio->high)
             : fmt::format("{:.2f} (above {:.2f})", ratio->value, ratio->low);
}

std::string FormatQuantile(const std::optional<Quantile>& quantile) {
  if (!quantile) return "-";
  const std::string value = FormatSpan(quantile->value);
  const auto& [_, low, high] = *quantile;
  if (low && high) {
    return fmt::format("{} ({}-{})", value, FormatSpan(*low),
                       FormatSpan(*high));
  }
  if (low) return fmt::format("{} (above {})", value, FormatSpan(*low));
  if (high) return fmt::format("{} (below {})", value, FormatSpan(*high));
  return value;
}

std::string SuccessTable(const std::vector<SuccessFigures>& figures) {
  if (figures.empty()) {
    return "\nNo rule names a `success`: whether it finds people in trouble "
           "cannot be told.\n";
  }
  std::vector<TextRow> rows = {{"rule", "found", "still open", "in trouble",
                                "of all customers", "lift",
                                "success after: median", "p90"}};
  for (const SuccessFigures& of : figures) {
    rows.push_back({of.rule, std::to_string(of.found), std::to_string(of.open),
                    FormatShare(of.in_trouble), FormatShare(of.all_customers),
                    FormatRatio(of.lift), FormatQuantile(of.median),
                    FormatQuantile(of.p90)});
  }
  return "\nIn trouble: customers who did not reach the rule's success by "
         "themselves in time\n" +
         AlignedTable(rows) + "In brackets: 95 % intervals.\n";
}

std::string SuccessCsv(const std::vector<SuccessFigures>& figures) {
  std::string csv = "rule";
  for (const auto& [name, value] : SuccessFields({})) {
    csv += fmt::format(",{}", name);
  }
  csv += "\r\n";
  for (const SuccessFigures& of : figures) {
    csv += of.rule;
    for (const auto& [name, value] : SuccessFields(of)) csv += "," + value;
    csv += "\r\n";
  }
  return csv;
}

std::string SuccessJsonLines(const std::vector<SuccessFigures>& figures) {
  std::string lines;
  for (const SuccessFigures& of : figures) {
    lines += fmt::format("{{\"rule\":\"{}\",\"success\":{}}}\n", of.rule,
                         SuccessJson(of));
  }
  return lines;
}

}  // namespace premura
