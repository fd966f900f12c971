// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <set>
#include <tuple>

#include "daemon/text_table.h"
#include "rules/printable.h"
#include "rules/value.h"

namespace premura {
namespace {

using Difference = RuleComparison::Difference;
using Instants = std::vector<Timestamp>;

std::string GroupOf(const Detection& detection) {
  std::string json = "{";
  for (const auto& [path, value] : detection.group) {
    if (json.size() > 1) json += ',';
    AppendJsonText(path, &json);
    json += ':' + value;
  }
  return json + '}';
}

Instants Sorted(const Occurrences& occurrences, const Occurrences::Key& key) {
  const auto found = occurrences.all().find(key);
  if (found == occurrences.all().end()) return {};
  Instants instants = found->second;
  std::sort(instants.begin(), instants.end());
  return instants;
}

Instants Without(const Instants& instants, const Instants& taken) {
  Instants left;
  std::set_difference(instants.begin(), instants.end(), taken.begin(),
                      taken.end(), std::back_inserter(left));
  return left;
}

void CompareOne(const Occurrences::Key& key, const Instants& before,
                const Instants& now, RuleComparison* comparison) {
  const Instants gone = Without(before, now);
  const Instants added = Without(now, before);
  const std::size_t moved = std::min(gone.size(), added.size());
  RuleComparison::Sums& sums = comparison->rules[key.rule];
  sums.before += before.size();
  sums.now += now.size();
  sums.same += before.size() - gone.size();
  sums.moved += moved;
  sums.gone += gone.size() - moved;
  sums.added += added.size() - moved;
  for (std::size_t i = 0; i < std::max(gone.size(), added.size()); ++i) {
    Difference difference;
    if (i < gone.size()) difference.before = gone[i];
    if (i < added.size()) difference.now = added[i];
    difference.key = key;
    comparison->differences.push_back(std::move(difference));
  }
}

std::string Instant(const std::optional<Timestamp>& at) {
  return at ? FormatInstant(*at) : "";
}

void PrintTable(const RuleComparison& comparison, std::ostream* out) {
  std::vector<TextRow> sums = {
      {"rule", "before", "now", "same", "added", "gone", "moved"}};
  for (const auto& [rule, one] : comparison.rules) {
    TextRow row = {rule};
    for (const std::size_t count :
         {one.before, one.now, one.same, one.added, one.gone, one.moved}) {
      row.push_back(std::to_string(count));
    }
    sums.push_back(std::move(row));
  }
  *out << AlignedTable(sums);
  if (!comparison.differences.empty()) *out << '\n';
  for (const Difference& difference : comparison.differences) {
    const bool grouped = difference.key.group != "{}";
    *out << fmt::format(
        "{:<5}  {}  {}  {}{}{}{}\n", difference.Word(),
        FormatInstant(difference.at()), difference.key.rule,
        Printable(difference.key.customer), grouped ? "  " : "",
        grouped ? Printable(difference.key.group) : "",
        difference.before && difference.now
            ? "  (before: " + FormatInstant(*difference.before) + ")"
            : "");
  }
}

void PrintCsv(const RuleComparison& comparison, std::ostream* out) {
  *out << "change,rule,customer,group,before,now\r\n";
  for (const Difference& difference : comparison.differences) {
    *out << fmt::format("{},{},{},{},{},{}\r\n", difference.Word(),
                        difference.key.rule, CsvCell(difference.key.customer),
                        CsvCell(difference.key.group),
                        Instant(difference.before), Instant(difference.now));
  }
}

void PrintJsonLines(const RuleComparison& comparison, std::ostream* out) {
  for (const Difference& difference : comparison.differences) {
    std::string line = fmt::format(R"({{"change":"{}","rule":"{}","customer":)",
                                   difference.Word(), difference.key.rule);
    AppendJsonText(difference.key.customer, &line);
    line += ",\"group\":" + difference.key.group;
    for (const auto& [name, at] : {std::pair("before", difference.before),
                                   std::pair("now", difference.now)}) {
      if (at) line += fmt::format(R"(,"{}":"{}")", name, FormatInstant(*at));
    }
    *out << line << "}\n";
  }
}

}  // namespace

void Occurrences::OnDetection(const Detection& detection) {
  all_[{detection.rule->id, detection.customer, GroupOf(detection)}].push_back(
      detection.at);
}

const char* Difference::Word() const {
  if (!before) return "added";
  return now ? "moved" : "gone";
}

RuleComparison Compare(const Occurrences& before, const Occurrences& now) {
  std::set<Occurrences::Key> keys;
  for (const auto& [key, instants] : before.all()) keys.insert(key);
  for (const auto& [key, instants] : now.all()) keys.insert(key);
  RuleComparison comparison;
  for (const Occurrences::Key& key : keys) {
    CompareOne(key, Sorted(before, key), Sorted(now, key), &comparison);
  }
  std::stable_sort(
      comparison.differences.begin(), comparison.differences.end(),
      [](const Difference& a, const Difference& b) { return a.at() < b.at(); });
  return comparison;
}

void PrintComparison(const RuleComparison& comparison,
                     const std::string& format, std::ostream* out) {
  if (format == "csv") return PrintCsv(comparison, out);
  if (format == "jsonl") return PrintJsonLines(comparison, out);
  PrintTable(comparison, out);
}

}  // namespace premura
