// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: what the rules would have found in events of the past.

#include "daemon/backtest.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "daemon/assembly.h"
#include "daemon/backtest_report.h"
#include "daemon/commands/commands.h"
#include "daemon/success_report.h"

namespace premura {
namespace {

struct Options {
  std::vector<std::string> rules;
  std::string events;
  std::string preset;
  std::string profiles;
  std::string config;
  bool sort = false;
  std::string until, from, to;
  std::string allowed_lateness, reorder, dedup_window;
  std::string output = "table";
  bool detections_only = false;
  bool success = false;
};

// What is found goes to all of them.
class Sinks final : public BacktestSink {
 public:
  explicit Sinks(std::vector<BacktestSink*> sinks) : sinks_(std::move(sinks)) {}
  bool WantsEvents() const override {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [](BacktestSink* sink) { return sink->WantsEvents(); });
  }
  void OnEvent(const Event& event) override {
    for (BacktestSink* sink : sinks_) sink->OnEvent(event);
  }
  void OnDetection(const Detection& detection) override {
    for (BacktestSink* sink : sinks_) sink->OnDetection(detection);
  }
  void OnContact(const SimulatedContact& contact) override {
    for (BacktestSink* sink : sinks_) sink->OnContact(contact);
  }

 private:
  const std::vector<BacktestSink*> sinks_;
};

std::unique_ptr<BacktestReport> MakeReport(const Options& given, const Io& io) {
  if (given.output == "jsonl") return NewJsonReport(io.out);
  return given.output == "csv" ? NewCsvReport(io.out) : NewTableReport(io.out);
}

Status ReadInstant(const std::string& text, const char* option,
                   std::optional<Timestamp>* into) {
  if (text.empty()) return {};
  *into = ParseInstant(text);
  if (*into) return {};
  return Error{fmt::format(
      "{} is `{}`, which is no instant: write 2026-01-31T00:00:00Z or epoch "
      "milliseconds",
      option, text)};
}

Status ReadDuration(const std::string& text, const char* option,
                    Duration* into) {
  if (text.empty()) return {};
  const std::optional<Duration> duration = ParseDuration(text);
  if (!duration) {
    return Error{fmt::format("{} is `{}`, which is no duration: write 15m",
                             option, text)};
  }
  *into = *duration;
  return {};
}

// The command line over what the configuration's first source says.
Status FillOptions(const Options& given, BacktestOptions* options) {
  options->events = given.events;
  options->sort = given.sort;
  if (!given.preset.empty()) {
    options->preset = ParsePreset(given.preset);
    if (!options->preset) {
      return Error{
          fmt::format("there is no preset `{}`: segment, rudderstack, "
                      "cloudevents, plain",
                      given.preset)};
    }
  }
  for (const Status& status :
       {ReadInstant(given.until, "--until", &options->until),
        ReadInstant(given.from, "--from", &options->from),
        ReadInstant(given.to, "--to", &options->to),
        ReadDuration(given.allowed_lateness, "--allowed-lateness",
                     &options->intake.allowed_lateness),
        ReadDuration(given.reorder, "--reorder", &options->intake.reorder),
        ReadDuration(given.dedup_window, "--dedup-window",
                     &options->intake.dedup_window)}) {
    if (!status.ok()) return status;
  }
  return {};
}

void TakeFromConfig(const Config& config, BacktestOptions* options) {
  options->decoder.customer_is_user = config.customer_is_user;
  options->decoder.profiles_from_events = config.profiles_from_events;
  if (config.sources.empty()) return;
  const SourceConfig& source = config.sources.front();
  options->preset = source.preset;
  options->decoder.mapping = source.mapping;
  options->decoder.max_bytes = source.max_bytes;
  options->intake = source.intake;
}

// The channels that there are: an action for another is held.
void TakeFromConfig(const Config& config, SimulationOptions* gates) {
  gates->restraint = config.restraint;
  gates->desks.emplace();
  for (const auto& [name, desk] : config.tickets) gates->desks->push_back(name);
  gates->email = config.email.has_value();
  gates->sms = config.sms.has_value();
}

void PrintSuccess(const std::string& output, const SuccessCounter& counter,
                  const Io& io) {
  const std::vector<SuccessFigures> figures = counter.Figures();
  *io.out << (output == "jsonl" ? SuccessJsonLines(figures)
              : output == "csv" ? SuccessCsv(figures)
                                : SuccessTable(figures));
}

void Warn(const BacktestCounts& counts, bool sorted, const Io& io) {
  if (counts.late > 0) {
    *io.err << fmt::format(
        "warning: {} events are older than the clock when they came (late){}\n",
        counts.late, sorted ? "" : "; --sort puts the file in order of time");
  }
  if (counts.refused.empty()) return;
  std::string reasons;
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : counts.refused) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ",
                           ToString(reason), count);
    sum += count;
  }
  *io.err << fmt::format("warning: {} events cannot be used: {}\n", sum,
                         reasons);
}

int Backtest(const Options& given, const Io& io) {
  if (given.detections_only && given.output != "jsonl") {
    return Fail(io, "`--detections-only` goes with `--output jsonl`", kUsage);
  }
  BacktestOptions options;
  SimulationOptions gates;
  gates.restraint = DefaultRestraint();
  std::vector<std::string> rule_paths = given.rules;
  std::vector<std::string> profile_files;
  if (!given.config.empty()) {
    const auto config = LoadConfigToLook(io, given.config);
    if (config == nullptr) return kFailure;
    TakeFromConfig(*config, &options);
    TakeFromConfig(*config, &gates);
    if (rule_paths.empty()) rule_paths = config->rules;
    profile_files = config->profile_files;
  }
  if (rule_paths.empty()) {
    return Fail(io, "backtest needs --rules, or -c with rules in it", kUsage);
  }
  const Status filled = FillOptions(given, &options);
  if (!filled.ok()) return Fail(io, filled.error().message, kUsage);
  if (!given.profiles.empty()) profile_files = {given.profiles};

  LoadedRules rules = LoadRulePaths(rule_paths, {});
  Diagnostics diagnostics = std::move(rules.diagnostics);
  ProfileStore profiles;
  profiles.ReplaceFileLayer(
      ReadProfileFiles(profile_files, rules.rules.get(), &diagnostics));
  FillLines(&diagnostics);
  *io.err << RenderText(diagnostics);
  if (HasErrors(diagnostics) || rules.rules == nullptr) return kFailure;

  // CSV is one table: with --success that of the figures.
  const auto report =
      given.success && given.output == "csv" ? nullptr : MakeReport(given, io);
  const auto success = given.success
                           ? NewSuccessCounter(rules.rules, &profiles,
                                               options.from, options.until)
                           : nullptr;
  std::vector<BacktestSink*> to;
  if (report) to.push_back(report.get());
  if (success) to.push_back(success.get());
  Sinks sinks(std::move(to));
  const auto counts =
      RunBacktest(options, rules.rules, &profiles,
                  given.detections_only ? nullptr : &gates, &sinks);
  if (!counts.ok()) return Fail(io, counts.error().message);
  if (report) report->Finish();
  if (success) PrintSuccess(given.output, *success, io);
  Warn(counts.value(), options.sort, io);
  return kOk;
}

}  // namespace

void AddBacktest(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "backtest",
      "Show who would have been contacted in the past, by which rule, and what "
      "would have been held back and why.");
  const auto option = [command](const char* name, auto* into,
                                const char* help) {
    return command->add_option(name, *into, help);
  };
  option("--rules", &options->rules, "Rule files, folders or patterns");
  option("--events", &options->events,
         "JSON Lines; .gz, .zst, or - for standard input")
      ->required();
  option("--preset", &options->preset,
         "segment, rudderstack, cloudevents or plain; by default recognised");
  option("--profiles", &options->profiles,
         "Profiles of customers: CSV or JSON Lines");
  option("-c,--config", &options->config,
         "Configuration whose first source says how events are read");
  command->add_flag("--sort", options->sort,
                    "Put events in order of time first (in memory)");
  option("--until", &options->until,
         "After the last event the clock moves on to this instant");
  option("--from", &options->from, "Show what happens from this instant on");
  option("--to", &options->to, "Take events before this instant");
  option("--allowed-lateness", &options->allowed_lateness,
         "How far the clock stays behind the newest event");
  option("--reorder", &options->reorder,
         "Hold events back by this, to put them in order");
  option("--dedup-window", &options->dedup_window,
         "How long an event's id is remembered");
  option("--output", &options->output,
         "table: sums by rule; csv: each contact; jsonl: each detection and "
         "each contact")
      ->check(CLI::IsMember({"table", "csv", "jsonl"}))
      ->capture_default_str();
  command->add_flag("--detections-only", options->detections_only,
                    "jsonl: leave the gates and contacts out");
  command->add_flag("--success", options->success,
                    "Of the customers each rule found, how many did not reach "
                    "its `success` by themselves, beside all customers");
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Backtest(*options, io); };
  });
}

}  // namespace premura
