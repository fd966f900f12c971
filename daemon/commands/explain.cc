// SPDX-License-Identifier: Apache-2.0
// `premura explain CUSTOMER`: what fired for a customer, what was sent, held or
// suppressed, and how far every other rule is. Of what runs: from the ledger
// and, if it answers, the daemon. Of a file: by replaying it.

#include "notifiers/explain.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>
#include <utility>

#include "daemon/admin/admin_client.h"
#include "daemon/admin/explain_page.h"
#include "daemon/commands/backtest_plan.h"
#include "daemon/commands/commands.h"
#include "daemon/terminal/text_table.h"
#include "notifiers/clock.h"
#include "notifiers/quiet_hours.h"
#include "notifiers/text.h"
#include "signals/recent_batches.h"

namespace premura {
namespace {

struct Options {
  ExplainQuery query;
  std::string at;
  BacktestLine past;
  std::string format = "text";
};

void Show(const Explanation& explanation, const Options& options,
          const Io& io) {
  *io.out << (options.format == "json" ? ToJson(explanation)
                                       : ToText(explanation));
}

// --- What runs --------------------------------------------------------------

Result<StandingReport> AskDaemon(const Config& config, const Options& options,
                                 const Io& io) {
  ConfigOptions environment;
  environment.environment = io.environment;
  std::string target = std::string(kExplainPath) +
                       "?customer=" + UrlEncode(options.query.customer);
  if (!options.query.rule.empty()) {
    target += "&rule=" + UrlEncode(options.query.rule);
  }
  const auto page = AdminGet(config, environment, target);
  if (!page.ok()) return page.error().WithContext("no daemon answers");
  if (page.value().status != 200) {
    return Error{
        fmt::format("the daemon answers {}: {}", page.value().status,
                    page.value().body.substr(0, page.value().body.find('\n')))};
  }
  auto report = ParseStandingReport(page.value().body);
  if (!report.ok()) return report.error().WithContext("the daemon's answer");
  return report;
}

int ExplainWhatRuns(const Options& options, const Io& io) {
  const auto config = LoadConfigToLook(io, options.past.config);
  if (config == nullptr) return kFailure;
  auto ledger = OpenLedger(*config, io, Ledger::Access::kRead);
  if (!ledger.ok()) return Fail(io, ledger.error().message);
  auto explanation = Explain(ledger.value().get(), options.query);
  if (!explanation.ok()) return Fail(io, explanation.error().message);
  explanation.value().now = SystemClock().Now();
  std::string note;
  if (options.query.at) {
    note =
        "how far rules were then is not kept: replay the events with "
        "--events";
  } else if (auto report = AskDaemon(*config, options, io); report.ok()) {
    explanation.value().standings = std::move(report).value();
  } else {
    note = report.error().message;
  }
  if (!note.empty()) {
    *io.err << "note: " << note << "; this is what the ledger remembers\n";
  }
  Show(explanation.value(), options, io);
  return kOk;
}

// --- A file -----------------------------------------------------------------

// Keeps the customer's last events, and asks when all have been taken.
class Asker final : public BacktestSink {
 public:
  Asker(const Options& options, const BacktestOptions& past)
      : options_(options), past_(past) {
    profiles_.ReplaceFileLayer(past.profiles);
  }

  void OnDetection(const Detection&) override {}
  void OnContact(const SimulatedContact&) override {}
  bool WantsEvents() const override { return true; }
  void OnEvent(const Event& event) override {
    if (event.customer != options_.query.customer) return;
    EventBatch batch;
    batch.Add(event);
    std::vector<EventBatch> unused;
    recent_.Add(std::move(batch), &unused);
  }
  void OnProfile(const ProfileChange& change) override {
    profiles_.Merge(change);
  }
  void OnEnd(Simulation* simulation) override {
    const std::string& customer = options_.query.customer;
    const CustomerStanding standing = simulation->engine().Explain(
        customer, recent_.Of(customer, kMostEvents));
    answer_ = Explain(simulation->ledger(), options_.query);
    if (!answer_.ok()) return;
    const auto profile = profiles_.Get(customer);
    answer_.value().standings = MakeStandingReport(
        standing, ZoneOf(profile.get(), past_.gates->restraint),
        options_.query.rule);
  }

  const Result<Explanation>& answer() const { return answer_; }

 private:
  static constexpr std::size_t kMostEvents = 100'000;
  static constexpr std::size_t kMostBytes = std::size_t{64} << 20;

  const Options& options_;
  const BacktestOptions& past_;
  ProfileStore profiles_;
  RecentBatches recent_{kMostBytes};
  Result<Explanation> answer_ = Error{"nothing was read"};
};

void TellNotYet(std::uint64_t events, const Io& io) {
  if (events == 0) return;
  *io.err << fmt::format(
      "note: {} of that time or before, behind a later one in the file, had "
      "not come yet; --sort puts the file in order of time\n",
      Counted(events, "event"));
}

int ExplainFile(const Options& options, const Io& io) {
  BacktestPlan plan;
  const int made = MakeBacktestPlan(options.past, io, &plan);
  if (made != kOk) return made;
  if (!options.query.rule.empty() &&
      plan.rules->Find(options.query.rule) == nullptr) {
    return Fail(io, "there is no rule `" + options.query.rule + "`");
  }
  plan.options.cores = 1;  // Whose end can be looked at.
  if (options.query.at) {
    plan.options.to = plan.options.until = std::nullopt;
    plan.options.as_of = options.query.at;
  }
  Asker asker(options, plan.options);
  const auto counts =
      RunBacktest(plan.events.get(), plan.options, plan.rules, &asker);
  plan.bar.reset();
  if (!counts.ok()) return Fail(io, counts.error().message);
  // Of an instant before the first event there is none either.
  if (!options.query.at && RefuseNothing(counts.value(), plan, io) != kOk) {
    return kFailure;
  }
  WarnOfEvents(counts.value(), plan, io);
  TellNotYet(counts.value().not_yet, io);
  if (!asker.answer().ok()) return Fail(io, asker.answer().error().message);
  Show(asker.answer().value(), options, io);
  return kOk;
}

int ExplainCustomer(Options options, const Io& io) {
  const Status read = ReadInstant(options.at, "--at", &options.query.at);
  if (!read.ok()) return Fail(io, read.error().message, kUsage);
  if (!options.past.events.empty()) return ExplainFile(options, io);
  if (!options.past.rules.empty()) {
    return Fail(io, "`--rules` goes with `--events`", kUsage);
  }
  return ExplainWhatRuns(options, io);
}

}  // namespace

void AddExplain(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  options->past.command = "explain --events";
  CLI::App* const command = app->add_subcommand(
      "explain",
      "Tell what fired for a customer, what was sent, held or suppressed and "
      "why, and how far the other rules are: of what runs, or of --events.");
  command
      ->add_option("CUSTOMER", options->query.customer,
                   "The customer's id, as in the events")
      ->required();
  command->add_option("--rule", options->query.rule, "Only of this rule");
  command->add_option("--at", options->at,
                      "As of this instant: of a file, all that had come by "
                      "then, the lines up to the first that is newer");
  command
      ->add_option("--most", options->query.most,
                   "How many detections, the newest first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  AddConfigOption(command, &options->past.config);
  AddPastOptions(command, &options->past);
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return ExplainCustomer(*options, io); };
  });
}

}  // namespace premura
