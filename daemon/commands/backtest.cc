// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: what the rules would have found in events of the past.

#include "daemon/backtest.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <thread>

#include "daemon/assembly.h"
#include "daemon/backtest_report.h"
#include "daemon/commands/commands.h"
#include "daemon/progress_bar.h"
#include "daemon/rule_comparison.h"
#include "daemon/rules_at_ref.h"
#include "daemon/success_report.h"

namespace premura {
namespace {

struct Options {
  std::vector<std::string> rules;
  std::string events;
  std::string preset;
  std::string profiles;
  std::string config;
  std::string against;
  bool sort = false;
  std::string until, from, to;
  std::string allowed_lateness, reorder, dedup_window;
  std::string output = "table";
  unsigned cores = 0;  // 0: all.
  bool detections_only = false;
  bool success = false;
};

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

 private:
  const std::vector<BacktestSink*> sinks_;
  ProfileStore* const profiles_;
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
  options->sort = given.sort;
  const unsigned cores =
      given.cores > 0 ? given.cores : std::thread::hardware_concurrency();
  options->cores = static_cast<int>(std::max(cores, 1U));
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
void TakeFromConfig(const Config& config, SimulatedGates* gates) {
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

// What the command line and the files that it names come to.
struct Plan {
  BacktestOptions options;
  std::vector<std::string> rule_paths;
  std::shared_ptr<const RuleSet> rules;
  std::unique_ptr<PastEvents> events;
  std::unique_ptr<ProgressBar> bar;  // nullptr: quiet.
};

// kOk, or what the command answers; it has been said why.
int ReadConfig(const Options& given, const Io& io, Plan* plan,
               std::vector<std::string>* profile_files) {
  SimulatedGates gates;
  gates.restraint = DefaultRestraint();
  plan->rule_paths = given.rules;
  if (!given.config.empty()) {
    const auto config = LoadConfigToLook(io, given.config);
    if (config == nullptr) return kFailure;
    TakeFromConfig(*config, &plan->options);
    TakeFromConfig(*config, &gates);
    if (plan->rule_paths.empty()) plan->rule_paths = config->rules;
    *profile_files = config->profile_files;
  }
  if (plan->rule_paths.empty()) {
    return Fail(io, "backtest needs --rules, or -c with rules in it", kUsage);
  }
  const bool decides = !given.detections_only && given.against.empty();
  if (decides) plan->options.gates = gates;
  if (!given.profiles.empty()) *profile_files = {given.profiles};
  const Status filled = FillOptions(given, &plan->options);
  return filled.ok() ? kOk : Fail(io, filled.error().message, kUsage);
}

// What streams to the terminal is not to be mixed with a bar.
void AddBar(const Options& given, const Io& io, Plan* plan) {
  const bool streams = given.against.empty() && given.output != "table";
  if (!io.err_terminal || (io.terminal && streams)) return;
  plan->bar = std::make_unique<ProgressBar>(io.err, [] {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
  });
  plan->options.on_progress = [bar = plan->bar.get()](auto done) {
    bar->Show(done);
  };
}

int MakePlan(const Options& given, const Io& io, Plan* plan) {
  std::vector<std::string> profile_files;
  const int read = ReadConfig(given, io, plan, &profile_files);
  if (read != kOk) return read;
  LoadedRules rules = LoadRulePaths(plan->rule_paths, {});
  Diagnostics diagnostics = std::move(rules.diagnostics);
  plan->rules = std::move(rules.rules);
  plan->options.profiles =
      ReadProfileFiles(profile_files, plan->rules.get(), &diagnostics);
  FillLines(&diagnostics);
  *io.err << RenderText(diagnostics);
  if (HasErrors(diagnostics) || plan->rules == nullptr) return kFailure;
  auto events = OpenPastFile(given.events, plan->options.decoder.max_bytes);
  if (!events.ok()) return Fail(io, events.error().message);
  plan->events = std::move(events).value();
  AddBar(given, io, plan);
  return kOk;
}

// nullptr if they cannot be used; it has been said why.
std::shared_ptr<const RuleSet> LoadOtherRules(const std::string& against,
                                              const Plan& plan, const Io& io) {
  std::error_code error;
  const bool is_path = std::filesystem::exists(against, error);
  const auto rules = is_path ? Result<LoadedRules>(LoadRulePaths(
                                   std::vector<std::string>{against}, {}))
                             : LoadRulesAtRef(against, plan.rule_paths);
  if (!rules.ok()) {
    Fail(io, rules.error().WithContext("--against").message);
    return nullptr;
  }
  Diagnostics diagnostics = rules.value().diagnostics;
  if (is_path) FillLines(&diagnostics);
  *io.err << RenderText(diagnostics);
  return HasErrors(diagnostics) ? nullptr : rules.value().rules;
}

// Both versions over the same events, one after the other.
int CompareVersions(const Options& given, const Io& io, Plan* plan) {
  const auto other = LoadOtherRules(given.against, *plan, io);
  if (other == nullptr) return kFailure;
  const std::shared_ptr<const RuleSet> versions[] = {other, plan->rules};
  Occurrences found[2];
  BacktestCounts counts;
  const auto show = plan->options.on_progress;
  for (std::size_t i = 0; i < 2; ++i) {
    if (show) {
      plan->options.on_progress = [&show, i](std::optional<double> done) {
        if (done) *done = (static_cast<double>(i) + *done) / 2;
        show(done);
      };
    }
    auto ran =
        RunBacktest(plan->events.get(), plan->options, versions[i], &found[i]);
    if (!ran.ok()) return Fail(io, ran.error().message);
    counts = std::move(ran).value();
  }
  plan->bar.reset();
  PrintComparison(Compare(found[0], found[1]), given.output, io.out);
  Warn(counts, plan->options.sort, io);
  return kOk;
}

int Show(const Options& given, const Io& io, Plan* plan) {
  const BacktestOptions& options = plan->options;
  // CSV is one table: with --success that of the figures.
  const auto report =
      given.success && given.output == "csv" ? nullptr : MakeReport(given, io);
  ProfileStore profiles;
  profiles.ReplaceFileLayer(options.profiles);
  const auto success = given.success
                           ? NewSuccessCounter(plan->rules, &profiles,
                                               options.from, options.until)
                           : nullptr;
  std::vector<BacktestSink*> to;
  if (report) to.push_back(report.get());
  if (success) to.push_back(success.get());
  Sinks sinks(std::move(to), &profiles);
  const auto counts =
      RunBacktest(plan->events.get(), options, plan->rules, &sinks);
  plan->bar.reset();
  if (!counts.ok()) return Fail(io, counts.error().message);
  if (report) report->Finish();
  if (success) PrintSuccess(given.output, *success, io);
  Warn(counts.value(), options.sort, io);
  return kOk;
}

int Backtest(const Options& given, const Io& io) {
  if (given.detections_only && given.output != "jsonl") {
    return Fail(io, "`--detections-only` goes with `--output jsonl`", kUsage);
  }
  if (!given.against.empty() && given.events == "-") {
    return Fail(io,
                "`--against` reads the events twice: write standard input to "
                "a file",
                kUsage);
  }
  Plan plan;
  const int made = MakePlan(given, io, &plan);
  if (made != kOk) return made;
  if (!given.against.empty()) return CompareVersions(given, io, &plan);
  return Show(given, io, &plan);
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
  option("--against", &options->against,
         "Rules to compare with: files, or a git ref of these; shows what was "
         "added, is gone, has moved");
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
  option(
      "--cores", &options->cores,
      "So many threads; by default one for each core. The result is the same")
      ->check(CLI::Range(1, 256));
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
