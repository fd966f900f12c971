// SPDX-License-Identifier: Apache-2.0
// `premura backtest`: what the rules would have found in events of the past.

#include "daemon/backtest.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/assembly.h"
#include "daemon/commands/commands.h"

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
  std::string output;
  bool detections_only = false;
};

// One object per line, written in large pieces.
class JsonLines final : public DetectionSink {
 public:
  explicit JsonLines(std::ostream* out) : out_(out) {}
  ~JsonLines() override { Write(); }
  void OnDetection(Detection detection) override {
    buffer_ += ToJson(detection);
    buffer_ += '\n';
    if (buffer_.size() >= kPiece) Write();
  }
  void OnCancellation(Cancellation) override {}

 private:
  static constexpr std::size_t kPiece = 256 << 10;
  void Write() {
    out_->write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    buffer_.clear();
  }
  std::ostream* const out_;
  std::string buffer_;
};

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
  if (given.output != "jsonl" || !given.detections_only) {
    return Fail(io, "what is available is `--output jsonl --detections-only`",
                kUsage);
  }
  BacktestOptions options;
  std::vector<std::string> rule_paths = given.rules;
  std::vector<std::string> profile_files;
  if (!given.config.empty()) {
    const auto config = LoadConfigToLook(io, given.config);
    if (config == nullptr) return kFailure;
    TakeFromConfig(*config, &options);
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
  profiles.ReplaceFileLayer(ReadProfileFiles(profile_files, &diagnostics));
  FillLines(&diagnostics);
  *io.err << RenderText(diagnostics);
  if (HasErrors(diagnostics) || rules.rules == nullptr) return kFailure;

  JsonLines lines(io.out);
  const auto counts = RunBacktest(options, rules.rules, &profiles, &lines);
  if (!counts.ok()) return Fail(io, counts.error().message);
  Warn(counts.value(), options.sort, io);
  return kOk;
}

}  // namespace

void AddBacktest(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "backtest",
      "Show what rules would have found in events of the past: one JSON "
      "object per detection, in the order in which they fire.");
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
  option("--from", &options->from, "Show detections from this instant on");
  option("--to", &options->to, "Take events before this instant");
  option("--allowed-lateness", &options->allowed_lateness,
         "How far the clock stays behind the newest event");
  option("--reorder", &options->reorder,
         "Hold events back by this, to put them in order");
  option("--dedup-window", &options->dedup_window,
         "How long an event's id is remembered");
  option("--output", &options->output, "jsonl");
  command->add_flag("--detections-only", options->detections_only,
                    "Leave out whether a message would have been sent");
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Backtest(*options, io); };
  });
}

}  // namespace premura
