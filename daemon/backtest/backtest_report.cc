// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/backtest_report.h"

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/backtest/backtest_sums.h"
#include "daemon/terminal/text_table.h"
#include "rules/value.h"

namespace premura {
namespace {

// Writes in large pieces.
class Output {
 public:
  explicit Output(std::ostream* out) : out_(out) {}
  void Add(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kPiece) Write();
  }
  void Write() {
    out_->write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
  }

 private:
  static constexpr std::size_t kPiece = 256 << 10;
  std::ostream* const out_;
  std::string buffer_;
};

// --- JSON Lines -------------------------------------------------------------

class JsonReport final : public BacktestReport {
 public:
  explicit JsonReport(std::ostream* out) : out_(out) {}

  void OnDetection(const Detection& detection) override {
    out_.Add(ToJson(detection) + '\n');
  }

  void OnContact(const SimulatedContact& contact) override {
    std::string line = "{\"at\":\"" + FormatInstant(contact.at) + '"';
    const auto add = [&line](const char* name, std::string_view text) {
      if (text.empty()) return;
      line += fmt::format(",\"{}\":", name);
      AppendJsonText(text, &line);
    };
    add("rule", contact.rule);
    add("customer", contact.customer);
    line += fmt::format(",\"action\":{}", contact.action);
    add("channel", contact.channel);
    add("what", ToString(contact.what));
    if (contact.reason != Reason::kNone) {
      add("reason", ToString(contact.reason));
    }
    add("detail", contact.detail);
    if (contact.until) add("until", FormatInstant(*contact.until));
    add("detection", contact.detection);
    out_.Add(line + "}\n");
  }

  void Finish() override { out_.Write(); }

 private:
  Output out_;
};

// --- CSV --------------------------------------------------------------------

class CsvReport final : public BacktestReport {
 public:
  explicit CsvReport(std::ostream* out) : out_(out) {
    out_.Add(
        "at,rule,customer,channel,what,reason,detail,until,detection,"
        "group\r\n");
  }
  void OnDetection(const Detection& detection) override {
    if (detection.group.empty()) return;
    std::string& group = groups_[detection.id];
    for (const auto& [path, json] : detection.group) {
      group += fmt::format("{}{}={}", group.empty() ? "" : " ", path, json);
    }
  }
  void OnContact(const SimulatedContact& contact) override {
    const auto group = groups_.find(contact.detection);
    const bool why = contact.reason != Reason::kNone;
    out_.Add(fmt::format(
        "{},{},{},{},{},{},{},{},{},{}\r\n", FormatInstant(contact.at),
        contact.rule, CsvCell(contact.customer), contact.channel,
        ToString(contact.what), why ? ToString(contact.reason) : "",
        CsvCell(contact.detail),
        contact.until ? FormatInstant(*contact.until) : "", contact.detection,
        group == groups_.end() ? "" : CsvCell(group->second)));
  }
  void Finish() override { out_.Write(); }

 private:
  Output out_;
  // By detection, of those that have one: a contact may follow days later.
  std::unordered_map<std::string, std::string> groups_;
};

// --- Table ------------------------------------------------------------------

class TableReport final : public BacktestReport {
 public:
  TableReport(std::shared_ptr<const RuleSet> rules, std::ostream* out)
      : rules_(std::move(rules)), out_(out) {}

  void OnDetection(const Detection& detection) override {
    sums_.OnDetection(detection);
  }
  void OnContact(const SimulatedContact& contact) override {
    sums_.OnContact(contact);
  }
  void OnLeftOut(const LeftOut& one) override { sums_.OnLeftOut(one); }

  void Finish() override {
    std::vector<TextRow> rows = {
        {"rule", "detections", "customers", "tickets", "emails", "sms"}};
    for (const Rule& rule : rules_->rules()) {
      if (rule.status == RuleStatus::kDisabled) continue;
      const auto found = sums_.rules().find(rule.id);
      const BacktestSums::OfRule sums =
          found == sums_.rules().end() ? BacktestSums::OfRule() : found->second;
      rows.push_back({rule.id, std::to_string(sums.detections),
                      std::to_string(sums.customers.size()),
                      std::to_string(sums.Sent("ticket")),
                      std::to_string(sums.Sent("email")),
                      std::to_string(sums.Sent("sms"))});
    }
    *out_ << AlignedTable(rows);
    PrintNotSent();
    *out_ << fmt::format("\nTickets about {}; emails or SMS to {}.\n",
                         Counted(sums_.ticketed().size(), "customer"),
                         Counted(sums_.contacted().size(), "customer"));
    PrintRulesOf(RuleStatus::kSimulation,
                 "In simulation, and counted here as if live");
    PrintRulesOf(RuleStatus::kDisabled, "Disabled, and not played");
  }

 private:
  void PrintRulesOf(RuleStatus status, const char* what) {
    std::string ids;
    for (const Rule& rule : rules_->rules()) {
      if (rule.status == status) ids += (ids.empty() ? "" : ", ") + rule.id;
    }
    if (!ids.empty()) *out_ << fmt::format("{}: {}\n", what, ids);
  }

  void PrintNotSent() {
    BacktestSums::Counts counts = sums_.not_sent();
    for (const auto& [what, count] : sums_.StillHeld()) {
      counts.emplace(BacktestSums::Restrained{what.rule, what.channel,
                                              "still held: " + what.reason},
                     count);
    }
    for (const auto& [rule, sums] : sums_.rules()) {
      if (sums.left_out == 0) continue;
      counts.emplace(BacktestSums::Restrained{rule, "-", "only_for"},
                     sums.left_out);
    }
    if (counts.empty()) return;
    std::vector<TextRow> rows = {{"not sent", "channel", "why", "count"}};
    for (const auto& [what, count] : counts) {
      rows.push_back(
          {what.rule, what.channel, what.reason, std::to_string(count)});
    }
    *out_ << '\n' << AlignedTable(rows, 3);
  }

  const std::shared_ptr<const RuleSet> rules_;
  std::ostream* const out_;
  BacktestSums sums_;
};

}  // namespace

std::unique_ptr<BacktestReport> NewTableReport(
    std::shared_ptr<const RuleSet> rules, std::ostream* out) {
  return std::make_unique<TableReport>(std::move(rules), out);
}
std::unique_ptr<BacktestReport> NewCsvReport(std::ostream* out) {
  return std::make_unique<CsvReport>(out);
}
std::unique_ptr<BacktestReport> NewJsonReport(std::ostream* out) {
  return std::make_unique<JsonReport>(out);
}

}  // namespace premura
