// SPDX-License-Identifier: Apache-2.0
#include "daemon/rules_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "daemon/terminal/text_table.h"
#include "notifiers/json_writer.h"

namespace premura {
namespace {

constexpr std::size_t kColumns = 11;
using Line = std::array<std::string, kColumns>;
constexpr std::size_t kFirstNumber = 5;

RuleCounts CountsOf(const Rule& rule, const CountsByRule& counts) {
  const auto found = counts.find(rule.id);
  return found == counts.end() ? RuleCounts() : found->second;
}

std::string Figure(std::int64_t number) {
  return Grouped(static_cast<std::uint64_t>(number));
}

// "cooldown 3, consent 1", the commonest first.
std::string Why(const RuleCounts& counts) {
  std::vector<std::pair<std::string, std::int64_t>> reasons(
      counts.why_suppressed.begin(), counts.why_suppressed.end());
  std::stable_sort(
      reasons.begin(), reasons.end(),
      [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, Figure(count));
  }
  return text;
}

bool HasTag(const Rule& rule, const std::string& tag) {
  return tag.empty() ||
         std::find(rule.tags.begin(), rule.tags.end(), tag) != rule.tags.end();
}

Line LineOf(const Rule& rule, const RuleCounts& counts) {
  return {rule.id,
          ToString(rule.status),
          ToString(rule.level),
          rule.detect.kind,
          rule.owner.empty() ? "-" : rule.owner,
          Figure(counts.detections),
          Figure(counts.sent),
          Figure(counts.held),
          Figure(counts.open),
          Figure(counts.failed),
          Figure(counts.suppressed)};
}

std::string RuleJson(const Rule& rule, const RuleCounts& counts) {
  std::string why;
  for (const auto& [reason, count] : counts.why_suppressed) {
    why += fmt::format("{}\"{}\":{}", why.empty() ? "" : ",", reason, count);
  }
  return fmt::format(
      "{{\"rule\":{},\"title\":{},\"status\":\"{}\",\"level\":\"{}\","
      "\"kind\":{},\"phase\":{},\"owner\":{},\"tags\":{},\"cause\":{},"
      "\"file\":{},\"line\":{},"
      "\"hash\":\"{}\",\"detections\":{},\"last\":{},\"sent\":{},\"held\":{},"
      "\"open\":{},\"failed\":{},\"suppressed\":{},\"reasons\":{{{}}}}}",
      JsonText(rule.id), JsonText(rule.title), ToString(rule.status),
      ToString(rule.level), JsonText(rule.detect.kind), JsonText(rule.phase),
      JsonText(rule.owner), JsonList(rule.tags, JsonText),
      JsonList(rule.cause,
               [](const FieldRef& field) { return JsonText(field.path); }),
      JsonText(rule.position.file), rule.position.line, rule.hash,
      counts.detections,
      counts.last ? JsonText(FormatInstant(*counts.last)) : "null", counts.sent,
      counts.held, counts.open, counts.failed, counts.suppressed, why);
}

}  // namespace

std::string RulesText(const RuleSet& rules, const std::string& tag,
                      const CountsByRule& counts) {
  std::vector<Line> lines = {{"rule", "status", "level", "kind", "owner",
                              "detections", "sent", "held", "open", "failed",
                              "suppressed"}};
  std::vector<std::string> why = {""};
  for (const Rule& rule : rules.rules()) {
    if (!HasTag(rule, tag)) continue;
    const RuleCounts of_rule = CountsOf(rule, counts);
    lines.push_back(LineOf(rule, of_rule));
    why.push_back(Why(of_rule));
  }
  if (lines.size() == 1) return "There are no such rules.\n";
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string text;
  for (std::size_t row = 0; row < lines.size(); ++row) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      const char* const gap = i == 0 ? "" : "  ";
      text += i < kFirstNumber
                  ? fmt::format("{}{:{}}", gap, lines[row][i], widths[i])
                  : fmt::format("{}{:>{}}", gap, lines[row][i], widths[i]);
    }
    if (!why[row].empty()) text += fmt::format("  ({})", why[row]);
    text += '\n';
  }
  return text + "fingerprint of these files: " + rules.fingerprint() + '\n';
}

std::string RulesJson(const RuleSet& rules, const std::string& tag,
                      const CountsByRule& counts) {
  std::string json;
  for (const Rule& rule : rules.rules()) {
    if (!HasTag(rule, tag)) continue;
    json +=
        (json.empty() ? "" : ",\n ") + RuleJson(rule, CountsOf(rule, counts));
  }
  return "[" + json + "]\n";
}

}  // namespace premura
