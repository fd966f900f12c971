// SPDX-License-Identifier: Apache-2.0
// What a tuning prints.

#include <fmt/format.h>

#include "daemon/backtest/success_report.h"
#include "daemon/backtest/tune.h"
#include "daemon/terminal/text_table.h"
#include "rules/value.h"

namespace premura {
namespace {

std::string LastName(const std::string& path) {
  return path.substr(path.rfind('.') + 1);
}

// What it costs: detections to customers written to.
std::vector<std::size_t> Costs(const BacktestSums::OfRule& sums) {
  return {sums.detections,    sums.customers.size(), sums.Sent("ticket"),
          sums.Sent("email"), sums.Sent("sms"),      sums.contacted.size()};
}

constexpr const char* kCosts[] = {"detections", "customers", "tickets",
                                  "emails",     "sms",       "contacted"};

}  // namespace

std::string TuneTable(const Tuned& tuned) {
  std::vector<TextRow> rows(1);
  rows[0].push_back(LastName(tuned.parameter.path));
  rows[0].insert(rows[0].end(), std::begin(kCosts), std::end(kCosts));
  rows[0].insert(rows[0].end(), {"in trouble", "lift"});
  bool decided = true;
  for (const TuneRow& row : tuned.rows) {
    rows.push_back({row.value + (row.as_written ? " (now)" : "")});
    TextRow& cells = rows.back();
    for (const std::size_t cost : Costs(row.sums)) {
      cells.push_back(std::to_string(cost));
    }
    decided = row.success.has_value();
    cells.push_back(decided ? FormatShare(row.success->in_trouble) : "-");
    cells.push_back(decided ? FormatRatio(row.success->lift) : "-");
  }
  return fmt::format(
      "Rule {}, {}\n{}{}", tuned.rule, tuned.parameter.path, AlignedTable(rows),
      decided ? "In trouble: of the customers found, those who did not reach "
                "success by themselves in time (95 % interval).\n"
              : "The rule names no `success`: its precision cannot be told.\n");
}

std::string TuneCsv(const Tuned& tuned) {
  std::string csv = "rule,parameter,value,now";
  for (const char* name : kCosts) csv += fmt::format(",{}", name);
  for (const auto& [name, _] : SuccessFields({}))
    csv += fmt::format(",{}", name);
  csv += "\r\n";
  for (const TuneRow& row : tuned.rows) {
    csv += fmt::format("{},{},{},{}", tuned.rule, CsvCell(tuned.parameter.path),
                       CsvCell(row.value), row.as_written);
    for (const std::size_t cost : Costs(row.sums)) {
      csv += fmt::format(",{}", cost);
    }
    for (const auto& [_, value] :
         SuccessFields(row.success.value_or(SuccessFigures{}))) {
      csv += "," + (row.success ? value : "");
    }
    csv += "\r\n";
  }
  return csv;
}

std::string TuneJsonLines(const Tuned& tuned) {
  std::string lines;
  for (const TuneRow& row : tuned.rows) {
    lines += fmt::format("{{\"rule\":\"{}\",\"parameter\":", tuned.rule);
    AppendJsonText(tuned.parameter.path, &lines);
    lines += ",\"value\":";
    AppendJsonText(row.value, &lines);
    lines += fmt::format(",\"now\":{}", row.as_written);
    const std::vector<std::size_t> costs = Costs(row.sums);
    for (std::size_t i = 0; i < costs.size(); ++i) {
      lines += fmt::format(",\"{}\":{}", kCosts[i], costs[i]);
    }
    lines += ",\"success\":";
    lines += row.success ? SuccessJson(*row.success) : "null";
    lines += "}\n";
  }
  return lines;
}

}  // namespace premura
