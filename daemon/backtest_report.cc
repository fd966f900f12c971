// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>
#include <string>

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

// RFC 4180; what a spreadsheet would take for a formula is text.
std::string CsvCell(std::string text) {
  if (!text.empty() &&
      std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

class CsvReport final : public BacktestReport {
 public:
  explicit CsvReport(std::ostream* out) : out_(out) {
    out_.Add("at,rule,customer,channel,what,reason,detail,until,detection\r\n");
  }
  void OnDetection(const Detection&) override {}
  void OnContact(const SimulatedContact& contact) override {
    const bool why = contact.reason != Reason::kNone;
    out_.Add(fmt::format(
        "{},{},{},{},{},{},{},{},{}\r\n", FormatInstant(contact.at),
        contact.rule, CsvCell(contact.customer), contact.channel,
        ToString(contact.what), why ? ToString(contact.reason) : "",
        CsvCell(contact.detail),
        contact.until ? FormatInstant(*contact.until) : "", contact.detection));
  }
  void Finish() override { out_.Write(); }

 private:
  Output out_;
};

// --- Table ------------------------------------------------------------------

using Row = std::vector<std::string>;

// Columns as wide as they need to be; all but the first are numbers.
std::string Aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i == 0 ? fmt::format("{:<{}}", row[i], widths[i])
                     : fmt::format("  {:>{}}", row[i], widths[i]);
    }
    text += '\n';
  }
  return text;
}

class TableReport final : public BacktestReport {
 public:
  explicit TableReport(std::ostream* out) : out_(out) {}

  void OnDetection(const Detection& detection) override {
    Sums& sums = rules_[detection.rule->id];
    ++sums.detections;
    sums.customers.insert(detection.customer);
  }

  // One that is held counts when it is known what became of it.
  void OnContact(const SimulatedContact& contact) override {
    const std::string key =
        fmt::format("{}\n{}", contact.detection, contact.action);
    if (contact.what == SimulatedContact::What::kHeld) {
      waiting_[key] = contact;
      return;
    }
    waiting_.erase(key);
    if (contact.what == SimulatedContact::What::kSent) {
      ++rules_[contact.rule].sent[contact.channel];
      // A ticket stays in the house.
      if (contact.channel != "ticket") contacted_.insert(contact.customer);
    } else {
      ++not_sent_[{contact.rule, contact.channel,
                   std::string(ToString(contact.reason))}];
    }
  }

  void Finish() override {
    for (const auto& [key, contact] : waiting_) {
      ++not_sent_[{contact.rule, contact.channel,
                   "still held: " + std::string(ToString(contact.reason))}];
    }
    std::vector<Row> rows = {
        {"rule", "detections", "customers", "tickets", "emails", "sms"}};
    for (const auto& [rule, sums] : rules_) {
      rows.push_back({rule, std::to_string(sums.detections),
                      std::to_string(sums.customers.size()),
                      sums.Sent("ticket"), sums.Sent("email"),
                      sums.Sent("sms")});
    }
    *out_ << Aligned(rows);
    if (!not_sent_.empty()) *out_ << "\nNot sent\n";
    std::vector<Row> reasons;
    for (const auto& [what, count] : not_sent_) {
      const auto& [rule, channel, reason] = what;
      reasons.push_back(
          {rule + "  " + channel + "  " + reason, std::to_string(count)});
    }
    *out_ << Aligned(reasons)
          << fmt::format("\n{} customers would have been contacted.\n",
                         contacted_.size());
  }

 private:
  struct Sums {
    std::string Sent(const std::string& channel) const {
      const auto found = sent.find(channel);
      return std::to_string(found == sent.end() ? 0 : found->second);
    }
    std::size_t detections = 0;
    std::set<std::string> customers;
    std::map<std::string, std::size_t> sent;  // By channel.
  };

  std::ostream* const out_;
  std::map<std::string, Sums> rules_;
  std::map<std::array<std::string, 3>, std::size_t> not_sent_;
  std::map<std::string, SimulatedContact> waiting_;
  std::set<std::string> contacted_;
};

}  // namespace

std::unique_ptr<BacktestReport> NewTableReport(std::ostream* out) {
  return std::make_unique<TableReport>(out);
}
std::unique_ptr<BacktestReport> NewCsvReport(std::ostream* out) {
  return std::make_unique<CsvReport>(out);
}
std::unique_ptr<BacktestReport> NewJsonReport(std::ostream* out) {
  return std::make_unique<JsonReport>(out);
}

}  // namespace premura
