// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: what the rules would have found in events of the past.

#include "daemon/backtest/backtest.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "daemon/backtest/backtest_report.h"
#include "daemon/backtest/html_report.h"
#include "daemon/backtest/rule_comparison.h"
#include "daemon/backtest/success_report.h"
#include "daemon/backtest/tune.h"
#include "daemon/commands/backtest_plan.h"
#include "daemon/commands/commands.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

// What is found goes to all of them.
class Sinks final : public BacktestSink {
 public:
  // `profiles` are kept up with what events say, if some sink wants events.
  Sinks(std::vector<BacktestSink*> sinks, ProfileStore* profiles)
      : sinks_(std::move(sinks)), profiles_(profiles) {}
  bool WantsEvents() const override {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](BacktestSink* sink) { return sink->WantsEvents(); });
  }
  void OnEvent(const Event& event) override {
    for (BacktestSink* sink : sinks_) sink->OnEvent(event);
  }
  void OnProfile(const ProfileChange& change) override {
    profiles_->Merge(change);
    for (BacktestSink* sink : sinks_) sink->OnProfile(change);
  }
  void OnDetection(const Detection& detection) override {
    for (BacktestSink* sink : sinks_) sink->OnDetection(detection);
  }
  void OnContact(const SimulatedContact& contact) override {
    for (BacktestSink* sink : sinks_) sink->OnContact(contact);
  }
  void OnLeftOut(const LeftOut& one) override {
    for (BacktestSink* sink : sinks_) sink->OnLeftOut(one);
  }

 private:
  const std::vector<BacktestSink*> sinks_;
  ProfileStore* const profiles_;
};

void PrintSuccess(const std::string& output, const SuccessCounter& counter,
                  const Io& io) {
  const std::vector<SuccessFigures> figures = counter.Figures();
  *io.out << (output == "jsonl" ? SuccessJsonLines(figures)
              : output == "csv" ? SuccessCsv(figures)
                                : SuccessTable(figures));
}

// The bar of the `run`-th of several runs over the same events.
void ShowPartOf(const std::function<void(std::optional<double>)>& show,
                std::size_t run, std::size_t runs, BacktestOptions* options) {
  if (!show) return;
  options->on_progress = [show, run, runs](std::optional<double> done) {
    if (done) {
      *done = (static_cast<double>(run) + *done) / static_cast<double>(runs);
    }
    show(done);
  };
}

void WipeBar(const BacktestPlan& plan) {
  if (plan.bar) plan.bar->Clear();
}

// Both versions over the same events, one after the other.
int CompareVersions(const BacktestLine& given, const Io& io,
                    BacktestPlan* plan) {
  const auto other = LoadOtherRules(given.against, *plan, io);
  if (other == nullptr) return kFailure;
  const std::shared_ptr<const RuleSet> versions[] = {other, plan->rules};
  Occurrences found[2];
  BacktestCounts counts;
  std::uint64_t played = 0;
  const auto show = plan->options.on_progress;
  for (std::size_t i = 0; i < 2; ++i) {
    ShowPartOf(show, i, std::size(versions), &plan->options);
    auto ran =
        RunBacktest(plan->events.get(), plan->options, versions[i], &found[i]);
    if (!ran.ok()) return Fail(io, ran.error().message);
    counts = std::move(ran).value();
    played += counts.events;
  }
  WipeBar(*plan);
  if (RefuseNothing(counts, *plan, io) != kOk) return kFailure;
  PrintComparison(Compare(found[0], found[1]), given.output, io.out);
  WarnOfEvents(counts, *plan, io);
  EndBar(played, plan);
  return kOk;
}

// A backtest for each value of a range.
int TuneRule(const BacktestLine& given, const Io& io, const TuneRange& range,
             BacktestPlan* plan) {
  TuneOptions tune;
  tune.rule = given.tune[0];
  tune.range = range;
  const auto paths = ExpandRulePaths(plan->rule_paths);
  if (!paths.ok()) return Fail(io, paths.error().message);
  for (const std::string& path : paths.value()) {
    auto text = ReadFile(path);
    if (!text.ok()) return Fail(io, text.error().message);
    tune.files.push_back({path, std::move(text).value()});
  }
  const auto show = plan->options.on_progress;
  BacktestCounts counts;
  std::uint64_t played = 0;
  tune.run = [&](std::shared_ptr<const RuleSet> rules, std::size_t run,
                 std::size_t runs) -> Result<TuneOptions::Found> {
    ShowPartOf(show, run, runs, &plan->options);
    ProfileStore profiles;
    profiles.ReplaceFileLayer(plan->options.profiles);
    BacktestSums sums;
    const auto success = NewSuccessCounter(rules, &profiles, plan->options.from,
                                           plan->options.until);
    Sinks sinks({&sums, success.get()}, &profiles);
    auto ran = RunBacktest(plan->events.get(), plan->options, rules, &sinks);
    if (!ran.ok()) return ran.error();
    counts = std::move(ran).value();
    played += counts.events;
    return FoundBy(given.tune[0], sums, success->Figures());
  };
  const auto tuned = Tune(tune);
  WipeBar(*plan);
  if (!tuned.ok()) return Fail(io, tuned.error().message);
  if (RefuseNothing(counts, *plan, io) != kOk) return kFailure;
  *io.out << (given.output == "jsonl" ? TuneJsonLines(tuned.value())
              : given.output == "csv" ? TuneCsv(tuned.value())
                                      : TuneTable(tuned.value()));
  WarnOfEvents(counts, *plan, io);
  EndBar(played, plan);
  return kOk;
}

// nullptr: nothing but the figures of success is shown.
std::unique_ptr<BacktestReport> MakeReport(const BacktestLine& given,
                                           const Io& io,
                                           const BacktestPlan& plan,
                                           const SuccessCounter* success) {
  if (given.output == "jsonl") return NewJsonReport(io.out);
  if (given.output == "html") {
    return NewHtmlReport(
        {plan.rules, plan.events->name(), plan.options.from, success}, io.out);
  }
  if (given.output == "table") return NewTableReport(plan.rules, io.out);
  // CSV is one table.
  return given.success ? nullptr : NewCsvReport(io.out);
}

int Show(const BacktestLine& given, const Io& io, BacktestPlan* plan) {
  const BacktestOptions& options = plan->options;
  ProfileStore profiles;
  profiles.ReplaceFileLayer(options.profiles);
  const bool html = given.output == "html";  // Has them anyway.
  const auto success = given.success || html
                           ? NewSuccessCounter(plan->rules, &profiles,
                                               options.from, options.until)
                           : nullptr;
  const auto report = MakeReport(given, io, *plan, success.get());
  std::vector<BacktestSink*> to;
  if (report) to.push_back(report.get());
  if (success) to.push_back(success.get());
  Sinks sinks(std::move(to), &profiles);
  const auto counts =
      RunBacktest(plan->events.get(), options, plan->rules, &sinks);
  WipeBar(*plan);
  if (!counts.ok()) return Fail(io, counts.error().message);
  if (RefuseNothing(counts.value(), *plan, io) != kOk) return kFailure;
  if (report) report->Finish();
  if (given.success && !html) PrintSuccess(given.output, *success, io);
  WarnOfEvents(counts.value(), *plan, io);
  EndBar(counts.value().events, plan);
  return kOk;
}

// What options say together that makes no sense; empty if it does.
std::string WhatIsWrong(const BacktestLine& given) {
  if (given.detections_only && given.output != "jsonl" &&
      given.against.empty()) {
    return "`--detections-only` goes with `--output jsonl`";
  }
  const bool compares = !given.against.empty();
  const bool tunes = !given.tune.empty();
  if (compares && tunes) return "`--against` does not go with `--tune`";
  if (!compares && !tunes) return "";
  const char* const option = compares ? "--against" : "--tune";
  if (given.events == "-") {
    return fmt::format(
        "`{}` reads the events {}: write standard input to a file", option,
        compares ? "twice" : "for each value");
  }
  if (given.output == "html") {
    return fmt::format("`--output html` does not go with `{}`", option);
  }
  if (tunes && given.detections_only) {
    return "`--detections-only` does not go with `--tune`";
  }
  return "";
}

int Run(const BacktestLine& given, const Io& io) {
  TuneRange range;
  if (!given.tune.empty()) {
    auto parsed = ParseTuneRange(given.tune[1]);
    if (!parsed.ok()) return Fail(io, parsed.error().message, kUsage);
    range = std::move(parsed).value();
  }
  BacktestPlan plan;
  const int made = MakeBacktestPlan(given, io, &plan);
  if (made != kOk) return made;
  if (plan.options.gates) plan.options.gates->simulation_is_live = true;
  if (!given.against.empty()) return CompareVersions(given, io, &plan);
  if (!given.tune.empty()) return TuneRule(given, io, range, &plan);
  return Show(given, io, &plan);
}

// Where the report grows until it is whole, so that a backtest that fails
// costs nobody the report of the day before. Devices and pipes are written to.
fs::path Growing(const fs::path& out) {
  std::error_code error;
  if (fs::exists(out, error) && !fs::is_regular_file(out, error)) return out;
  return out.string() + ".tmp";
}

int RunToFile(const BacktestLine& given, const Io& io) {
  std::error_code error;
  const fs::path out = fs::weakly_canonical(given.out, error);
  const fs::path growing = Growing(out);
  std::ofstream file(growing, std::ios::binary);
  Io to_file = io;
  to_file.out = &file;
  to_file.terminal = false;
  const int ran = file ? Run(given, to_file) : kOk;
  file.close();
  if (file && ran == kOk && growing != out) fs::rename(growing, out, error);
  if (file && !error && ran == kOk) return kOk;
  if (growing != out) fs::remove(growing, error);
  if (ran != kOk) return ran;
  return Fail(io, fmt::format("--out {} cannot be written", given.out));
}

int Backtest(const BacktestLine& given, const Io& io) {
  const std::string wrong = WhatIsWrong(given);
  if (!wrong.empty()) return Fail(io, wrong, kUsage);
  return given.out.empty() ? Run(given, io) : RunToFile(given, io);
}

}  // namespace

void AddBacktest(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<BacktestLine>();
  CLI::App* const command = app->add_subcommand(
      "backtest",
      "Show who would have been contacted in the past, by which rule, and what "
      "would have been held back and why.");
  const auto option = [command](const char* name, auto* into,
                                const char* help) {
    return command->add_option(name, *into, help);
  };
  AddPastOptions(command, options.get());
  command
      ->add_option("--topic", options->topics,
                   "Kafka topics instead of a file; from --from to --to")
      ->excludes("--events")
      ->delimiter(',');
  option("--brokers", &options->brokers,
         "HOST:PORT[,HOST:PORT]; else those of the configuration");
  option("--warm-up", &options->warm_up,
         "Of a topic: read so much before --from, for what rules must have "
         "seen by then")
      ->capture_default_str();
  option("-c,--config", &options->config,
         "Configuration whose first source says how events are read");
  option("--against", &options->against,
         "Rules to compare with: files, or a git ref of these; shows what was "
         "added, is gone, has moved");
  option("--until", &options->until,
         "After the last event the clock moves on to this instant");
  option("--from", &options->from, "Show what happens from this instant on");
  option("--to", &options->to, "Take events before this instant");
  option("--output", &options->output,
         "table: sums by rule; csv: each contact; jsonl: each detection and "
         "each contact; html: a page with charts")
      ->check(CLI::IsMember({"table", "csv", "jsonl", "html"}))
      ->capture_default_str();
  option("--out", &options->out, "Write to this file");
  option("--tune", &options->tune,
         "RULE PARAM=FROM..TO[..STEP], as gte=3..8: what each value would "
         "cost in contacts, and find in trouble")
      ->expected(2)
      ->take_all();
  option(
      "--cores", &options->cores,
      "So many threads; by default one for each core. The result is the same")
      ->check(CLI::Range(1, 256));
  command->add_flag("--detections-only", options->detections_only,
                    "jsonl: leave the gates and contacts out");
  command
      ->add_flag("--success", options->success,
                 "Of the customers each rule found, how many did not reach "
                 "its `success` by themselves, beside all customers")
      ->excludes("--against");
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Backtest(*options, io); };
  });
}

}  // namespace premura
