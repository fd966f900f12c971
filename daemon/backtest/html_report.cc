// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "daemon/backtest/backtest_history.h"
#include "daemon/backtest/backtest_sums.h"
#include "daemon/backtest/html_chart.h"
#include "daemon/backtest/html_data.h"
#include "daemon/backtest/success_report.h"
#include "daemon/terminal/text_table.h"
#include "daemon/version.h"

namespace premura {
namespace {

constexpr const char* kChannels[] = {"ticket", "email", "sms"};

std::string Row(const std::string& head,
                const std::vector<std::string>& cells) {
  std::string html =
      fmt::format("<tr><th scope=\"row\" class=\"words\">{}</th>", head);
  for (const std::string& cell : cells) {
    html += fmt::format("<td class=\"n\">{}</td>", cell);
  }
  return html + "</tr>";
}

std::string Table(const std::vector<const char*>& names,
                  const std::string& rows) {
  std::string head;
  for (const char* name : names) {
    head += fmt::format("<th scope=\"col\"{}>{}</th>",
                        head.empty() ? "" : " class=\"n\"", name);
  }
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{}</tr></thead>"
      "<tbody>{}</tbody></table></div>",
      head, rows);
}

std::string Section(const std::string& title, const std::string& content) {
  return fmt::format("<section><h2>{}</h2>{}</section>\n", title, content);
}

std::string Note(const std::string& text) {
  return "<p class=\"soft\">" + text + "</p>";
}

// From 0 to 100 %: the share with its interval, a line for all customers.
std::string Whisker(const SuccessFigures& of) {
  if (of.in_trouble.whole == 0 || of.all_customers.whole == 0) return "-";
  const auto x = [](double share) { return 6 + 168 * share; };
  const Interval interval = of.in_trouble.interval();
  return fmt::format(
      "<svg class=\"whisker\" viewBox=\"0 0 180 22\" aria-hidden=\"true\">"
      "<line class=\"tick\" x1=\"6\" x2=\"174\" y1=\"11\" y2=\"11\" "
      "stroke-opacity=\".4\"/><line class=\"range\" x1=\"{:.1f}\" "
      "x2=\"{:.1f}\" y1=\"11\" y2=\"11\"/><line class=\"base\" x1=\"{:.1f}\" "
      "x2=\"{:.1f}\" y1=\"3\" y2=\"19\"/><circle class=\"c1\" cx=\"{:.1f}\" "
      "cy=\"11\" r=\"5\"/></svg>",
      x(interval.low), x(interval.high), x(of.all_customers.value()),
      x(of.all_customers.value()), x(of.in_trouble.value()));
}

class HtmlReport final : public BacktestReport {
 public:
  HtmlReport(HtmlReportOptions options, std::ostream* out)
      : options_(std::move(options)), history_(options_.from), out_(out) {}

  bool WantsEvents() const override { return true; }
  void OnEvent(const Event& event) override { history_.OnEvent(event); }
  void OnDetection(const Detection& detection) override {
    sums_.OnDetection(detection);
    history_.OnDetection(detection);
  }
  void OnContact(const SimulatedContact& contact) override {
    sums_.OnContact(contact);
    history_.OnContact(contact);
  }
  void OnLeftOut(const LeftOut& one) override { sums_.OnLeftOut(one); }

  void Finish() override {
    *out_ << HtmlHead("Backtest of " + options_.events) << "<body><main>\n"
          << Title() << Facts() << Charts() << Rules() << Reasons() << Success()
          << Timelines() << Footer() << "</main>\n<script>" << kReportScript
          << "</script></body></html>\n";
  }

 private:
  std::string Title() const {
    const auto period = history_.Period();
    return fmt::format(
        "<h1>What the rules would have done</h1><p class=\"soft\">{}</p>"
        "<p class=\"soft\">Backtest of {}. All times are UTC.</p>\n",
        period ? fmt::format("{} to {} UTC", FormatMinute(period->first),
                             FormatMinute(period->second))
               : "No event in this period",
        HtmlText(options_.events));
  }

  std::string Facts() const {
    std::size_t detections = 0;
    for (const auto& [rule, sums] : sums_.rules()) {
      detections += sums.detections;
    }
    std::size_t found = 0;
    history_.Timelines(0, &found);
    std::string html = "<dl class=\"facts\">";
    for (const auto& [name, number] :
         {std::pair<const char*, std::uint64_t>("Events",
                                                history_.event_count()),
          {"Customers", history_.customer_count()},
          {"Detections", detections},
          {"Customers found", found},
          {"Messages and tickets", history_.sent_count()},
          {"Customers written to", sums_.contacted().size()}}) {
      html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name,
                          Grouped(number));
    }
    return html + "</dl>\n";
  }

  std::string Charts() const {
    const auto period = history_.Period();
    if (!period) {
      return Section("Over time", Note("There is no event to show."));
    }
    const TimeAxis axis = TimeAxis::Over(period->first, period->second);
    const auto bars = [&](const char* name, const Minutes& minutes) {
      return BarSeries{name, minutes.Bars(axis.from, axis.width, axis.count)};
    };
    std::string html =
        BarChart("Events", axis, {bars("events", history_.events())});
    std::vector<BarSeries> sent;
    static const Minutes kNone;
    for (const auto& [channel, name] : {std::pair("ticket", "tickets"),
                                        {"email", "emails"},
                                        {"sms", "SMS"}}) {
      const auto found = history_.sent().find(channel);
      sent.push_back(
          bars(name, found == history_.sent().end() ? kNone : found->second));
    }
    html += history_.sent_count() > 0
                ? BarChart("Messages and tickets", axis, sent)
                : Note("Nothing would have been sent.");
    return Section("Over time", html);
  }

  std::string Rules() const {
    std::vector<std::pair<const Rule*, BacktestSums::OfRule>> rules;
    for (const Rule& rule : options_.rules->rules()) {
      const auto found = sums_.rules().find(rule.id);
      if (rule.status == RuleStatus::kDisabled) continue;
      rules.emplace_back(&rule, found == sums_.rules().end()
                                    ? BacktestSums::OfRule{}
                                    : found->second);
    }
    std::stable_sort(rules.begin(), rules.end(),
                     [](const auto& a, const auto& b) {
                       return a.second.detections > b.second.detections;
                     });
    std::string rows;
    for (const auto& [rule, sums] : rules) {
      rows += Row(fmt::format("{}<br><code>{}</code>{}", HtmlText(rule->title),
                              HtmlText(rule->id),
                              rule->status == RuleStatus::kSimulation
                                  ? " <span class=\"soft\">in simulation</span>"
                                  : ""),
                  {Grouped(sums.detections), Grouped(sums.customers.size()),
                   Grouped(sums.Sent("ticket")), Grouped(sums.Sent("email")),
                   Grouped(sums.Sent("sms")), Grouped(NotSent(rule->id))});
    }
    if (rows.empty()) return Section("By rule", Note("No rule runs."));
    return Section("By rule", Table({"Rule", "Detections", "Customers",
                                     "Tickets", "Emails", "SMS", "Not sent"},
                                    rows));
  }

  std::size_t NotSent(const std::string& rule) const {
    std::size_t sum = 0;
    for (const auto& counts : {sums_.not_sent(), sums_.StillHeld()}) {
      for (const auto& [what, count] : counts) {
        if (what.rule == rule) sum += count;
      }
    }
    return sum;
  }

  // Reasons with their numbers by channel; over all rules.
  static std::string ReasonRows(const BacktestSums::Counts& counts) {
    std::map<std::string, std::map<std::string, std::size_t>> reasons;
    for (const auto& [what, count] : counts) {
      reasons[what.reason][what.channel] += count;
    }
    std::string rows;
    for (auto& [reason, channels] : reasons) {
      std::vector<std::string> cells;
      std::size_t sum = 0;
      for (const char* channel : kChannels) {
        cells.push_back(Grouped(channels[channel]));
        sum += channels[channel];
      }
      cells.push_back(Grouped(sum));
      rows += Row(fmt::format("{}<br><code>{}</code>", ReasonInWords(reason),
                              HtmlText(reason)),
                  cells);
    }
    return rows;
  }

  std::string LeftOutTable() const {
    std::string rows;
    for (const auto& [rule, sums] : sums_.rules()) {
      if (sums.left_out == 0) continue;
      rows += Row(fmt::format("<code>{}</code>", HtmlText(rule)),
                  {Grouped(sums.left_out)});
    }
    if (rows.empty()) return "";
    return fmt::format(
        "<figure><figcaption>Not detected</figcaption>{}{}</figure>",
        Note("Would have been a detection, but the customer is none of the "
             "rule's <code>only_for</code>."),
        Table({"Rule", "Left out"}, rows));
  }

  std::string Reasons() const {
    std::string html;
    for (const auto& [title, words, counts] :
         {std::tuple("Not sent", "Decided against, for good.",
                     sums_.not_sent()),
          {"Still waiting at the end", "Held when the events ended.",
           sums_.StillHeld()},
          {"Held for a time",
           "Each time something waited, whatever became of it.",
           sums_.held()}}) {
      if (counts.empty()) continue;
      html += fmt::format("<figure><figcaption>{}</figcaption>{}{}</figure>",
                          title, Note(words),
                          Table({"Reason", "Tickets", "Emails", "SMS", "All"},
                                ReasonRows(counts)));
    }
    html += LeftOutTable();
    if (html.empty()) html = Note("Nothing was held or left unsent.");
    return Section("Held and not sent, by reason", html);
  }

  std::string Success() const {
    const auto figures = options_.success != nullptr
                             ? options_.success->Figures()
                             : std::vector<SuccessFigures>();
    if (figures.empty()) {
      return Section("Do the rules find people in trouble?",
                     Note("No rule names a <code>success</code>, so this "
                          "cannot be told."));
    }
    std::string rows;
    for (const SuccessFigures& of : figures) {
      rows += Row(fmt::format("{}<br><code>{}</code> <span class=\"soft\">"
                              "success within {}</span>",
                              HtmlText(options_.rules->Find(of.rule)->title),
                              HtmlText(of.rule), FormatSpan(of.within)),
                  {Grouped(of.found), Grouped(of.open), Whisker(of),
                   FormatShare(of.in_trouble), FormatShare(of.all_customers),
                   FormatRatio(of.lift),
                   fmt::format("{}<br>90 %: {}", FormatQuantile(of.median),
                               FormatQuantile(of.p90))});
    }
    return Section(
        "Do the rules find people in trouble?",
        Note("In trouble: of the customers found, the share who did not reach "
             "the rule's success by themselves in time, contacted or not. The "
             "dot is that share from 0 to 100 % with its 95 % interval, the "
             "upright line the share of all active customers. Lift above 1: "
             "the rule finds trouble better than chance.") +
            Table({"Rule", "Found", "Still open", "", "In trouble",
                   "All customers", "Lift", "Time to success: half"},
                  rows));
  }

  std::string Timelines() const {
    std::size_t of = 0;
    const auto shown =
        history_.Timelines(HtmlReportOptions::kMostCustomers, &of);
    if (shown.empty()) {
      return Section("A customer's timeline", Note("No rule found anybody.")) +
             HtmlData({}, history_.names(), *options_.rules);
    }
    std::string words = fmt::format(
        "{} customers for whom a rule found something, those first who got "
        "most.",
        Grouped(of));
    if (shown.size() < of) {
      words = fmt::format(
          "The {} customers who got most, of {} for whom a rule found "
          "something; the others are not in this page, but in "
          "<code>--output csv</code>.",
          Grouped(shown.size()), Grouped(of));
    }
    return Section(
               "A customer's timeline",
               Note(words) +
                   "<div class=\"choose\"><label>Name contains <input "
                   "id=\"search\" type=\"search\" autocomplete=\"off\">"
                   "</label><label>Customer <select id=\"customer\"></select>"
                   "</label></div><div id=\"timeline\" aria-live=\"polite\">"
                   "<noscript>This part needs JavaScript; all others do "
                   "without.</noscript></div>") +
           HtmlData(shown, history_.names(), *options_.rules);
  }

  std::string Footer() const {
    return fmt::format("<footer>premura {}</footer>", HtmlText(Version()));
  }

  const HtmlReportOptions options_;
  BacktestSums sums_;
  BacktestHistory history_;
  std::ostream* const out_;
};

}  // namespace

std::unique_ptr<BacktestReport> NewHtmlReport(HtmlReportOptions options,
                                              std::ostream* out) {
  return std::make_unique<HtmlReport>(std::move(options), out);
}

}  // namespace premura
