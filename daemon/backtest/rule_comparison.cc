// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/rule_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <set>
#include <utility>

#include "daemon/terminal/text_table.h"
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
  RuleComparison::Sums& sums = comparison->sums[{key.rule, key.channel}];
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

void AddCounts(const RuleComparison::Sums& sums, TextRow* row) {
  for (const std::size_t count :
       {sums.before, sums.now, sums.same, sums.added, sums.gone, sums.moved}) {
    row->push_back(std::to_string(count));
  }
}

void PrintDifference(const Difference& difference, std::ostream* out) {
  const Occurrences::Key& key = difference.key;
  std::string line = fmt::format("{:<5}  {}  {}  {}", difference.Word(),
                                 FormatInstant(difference.at()), key.rule,
                                 Printable(key.customer));
  if (!key.channel.empty()) line += "  " + key.channel;
  if (key.group != "{}") line += "  " + Printable(key.group);
  if (difference.before && difference.now) {
    line += "  (before: " + FormatInstant(*difference.before) + ")";
  }
  *out << line << '\n';
}

// Of contacts, or of detections: sums, and the list.
void PrintPart(const RuleComparison& comparison, bool contacts,
               std::ostream* out) {
  TextRow head = {"rule"};
  if (contacts) head = {"contacts by", "channel"};
  for (const char* word : {"before", "now", "same", "added", "gone", "moved"}) {
    head.emplace_back(word);
  }
  std::vector<TextRow> rows = {std::move(head)};
  for (const auto& [of, sums] : comparison.sums) {
    if (of.channel.empty() == contacts) continue;
    TextRow row = {of.rule};
    if (contacts) row.push_back(of.channel);
    AddCounts(sums, &row);
    rows.push_back(std::move(row));
  }
  if (contacts && rows.size() == 1) return;
  if (contacts) *out << '\n';
  *out << AlignedTable(rows, contacts ? 2 : 1);
  bool first = true;
  for (const Difference& difference : comparison.differences) {
    if (difference.key.channel.empty() == contacts) continue;
    if (std::exchange(first, false)) *out << '\n';
    PrintDifference(difference, out);
  }
}

void PrintTable(const RuleComparison& comparison, std::ostream* out) {
  PrintPart(comparison, false, out);
  PrintPart(comparison, true, out);
  const RuleComparison::Sums& customers = comparison.customers;
  if (customers.before + customers.now == 0) return;
  *out << fmt::format(
      "\nCustomers who get an email or SMS: {} before, {} now; {} added, {} "
      "gone.\n",
      customers.before, customers.now, customers.added, customers.gone);
}

void PrintCsv(const RuleComparison& comparison, std::ostream* out) {
  *out << "change,rule,customer,group,before,now,channel\r\n";
  for (const Difference& difference : comparison.differences) {
    *out << fmt::format("{},{},{},{},{},{},{}\r\n", difference.Word(),
                        difference.key.rule, CsvCell(difference.key.customer),
                        CsvCell(difference.key.group),
                        Instant(difference.before), Instant(difference.now),
                        difference.key.channel);
  }
}

void PrintJsonLines(const RuleComparison& comparison, std::ostream* out) {
  for (const Difference& difference : comparison.differences) {
    std::string line = fmt::format(R"({{"change":"{}","rule":"{}","customer":)",
                                   difference.Word(), difference.key.rule);
    AppendJsonText(difference.key.customer, &line);
    line += ",\"group\":" + difference.key.group;
    if (!difference.key.channel.empty()) {
      line += fmt::format(R"(,"channel":"{}")", difference.key.channel);
    }
    for (const auto& [name, at] : {std::pair("before", difference.before),
                                   std::pair("now", difference.now)}) {
      if (at) line += fmt::format(R"(,"{}":"{}")", name, FormatInstant(*at));
    }
    *out << line << "}\n";
  }
}

}  // namespace

void Occurrences::OnDetection(const Detection& detection) {
  std::string group = GroupOf(detection);
  if (!detection.group.empty()) groups_[detection.id] = group;
  all_[{detection.rule->id, detection.customer, std::move(group), ""}]
      .push_back(detection.at);
}

void Occurrences::OnContact(const SimulatedContact& contact) {
  if (contact.what != SimulatedContact::What::kSent) return;
  const auto group = groups_.find(contact.detection);
  all_[{contact.rule, contact.customer,
        group == groups_.end() ? "{}" : group->second, contact.channel}]
      .push_back(contact.at);
  if (contact.channel != "ticket") contacted_.insert(contact.customer);
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
  RuleComparison::Sums& customers = comparison.customers;
  customers.before = before.contacted().size();
  customers.now = now.contacted().size();
  for (const std::string& customer : now.contacted()) {
    const bool same = before.contacted().contains(customer);
    ++(same ? customers.same : customers.added);
  }
  customers.gone = customers.before - customers.same;
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
