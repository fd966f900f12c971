// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/backtest_plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <thread>
#include <utility>

#include "daemon/advice/customer_guess.h"
#include "daemon/assembly.h"
#include "daemon/backtest/rules_at_ref.h"
#include "daemon/commands/event_options.h"
#include "daemon/commands/output_file.h"
#include "daemon/terminal/text_table.h"
#include "daemon/terminal/waiting_note.h"

namespace premura {
namespace {

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
Status FillOptions(const BacktestLine& given, BacktestOptions* options) {
  options->sort = given.sort;
  options->self_preservation.enabled = given.self_preservation;
  const unsigned cores =
      given.cores > 0 ? given.cores : std::thread::hardware_concurrency();
  options->cores = static_cast<int>(std::max(cores, 1U));
  if (!given.preset.empty()) {
    const auto preset = ReadPreset(given.preset);
    if (!preset.ok()) return preset.error();
    options->preset = preset.value();
  }
  Duration warm_up{};  // Only a topic has one, but it may be wrong anywhere.
  for (const Status& status :
       {ReadDuration(given.warm_up, "--warm-up", &warm_up),
        ReadInstant(given.until, "--until", &options->until),
        ReadInstant(given.from, "--from", &options->from),
        ReadInstant(given.to, "--to", &options->to),
        ReadDuration(given.allowed_lateness, "--allowed-lateness",
                     &options->intake.allowed_lateness),
        ReadDuration(given.reorder, "--reorder", &options->intake.reorder),
        ReadDuration(given.dedup_window, "--dedup-window",
                     &options->intake.dedup_window)}) {
    if (!status.ok()) return status;
  }
  if (options->from && options->to && *options->to <= *options->from) {
    return Error{"--to is not after --from: nothing lies between them"};
  }
  return {};
}

void TakeFromConfig(const Config& config, BacktestOptions* options) {
  options->decoder.customer_is_user = config.customer_is_user;
  options->decoder.profiles_from_events = config.profiles_from_events;
  options->self_preservation = config.self_preservation;
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

// What is needed beside the plan in order to make it.
struct Sources {
  std::shared_ptr<const Config> config;  // nullptr: none is named.
  std::vector<std::string> profile_files;
};

// With the secrets if a broker may ask for them.
std::shared_ptr<const Config> LoadConfigFor(const BacktestLine& given,
                                            const Io& io) {
  if (!given.events.empty()) return LoadConfigToLook(io, given.config);
  ConfigOptions options;
  options.environment = io.environment;
  const LoadedConfig loaded = LoadConfig(given.config, options);
  *io.err << RenderText(loaded.diagnostics);
  return loaded.config;
}

int ReadConfig(const BacktestLine& given, const Io& io, BacktestPlan* plan,
               Sources* sources) {
  SimulatedGates gates;
  gates.restraint = DefaultRestraint();
  plan->rule_paths = given.rules;
  if (!given.config.empty()) {
    const auto config = LoadConfigFor(given, io);
    if (config == nullptr) return kFailure;
    sources->config = config;
    TakeFromConfig(*config, &plan->options);
    TakeFromConfig(*config, &gates);
    if (plan->rule_paths.empty()) plan->rule_paths = config->rules;
    sources->profile_files = config->profile_files;
  }
  if (plan->rule_paths.empty()) {
    return Fail(io, given.command + " needs --rules, or -c with rules in it",
                kUsage);
  }
  if (!given.detections_only) plan->options.gates = gates;
  if (!given.profiles.empty()) sources->profile_files = {given.profiles};
  const Status filled = FillOptions(given, &plan->options);
  return filled.ok() ? kOk : Fail(io, filled.error().message, kUsage);
}

// What streams to the terminal is not to be mixed with a bar that moves.
void AddBar(const BacktestLine& given, const Io& io, BacktestPlan* plan) {
  const bool streams = given.against.empty() && given.output != "table";
  if (!io.err_terminal) return;
  plan->bar = std::make_unique<ProgressBar>(io.err, [] {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
  });
  if (io.terminal && streams) return;
  plan->options.on_progress = [bar = plan->bar.get()](auto done) {
    bar->Show(done);
  };
}

// What a broker's clock may be behind what happened: events that reached it
// later are not looked for.
constexpr Duration kOnTheWay = std::chrono::hours(1);

Result<KafkaRangeOptions> RangeOf(const BacktestLine& given,
                                  const BacktestPlan& plan,
                                  const Config* config) {
  KafkaRangeOptions range;
  const KafkaConfig* const kafka = config ? FirstKafka(*config) : nullptr;
  if (kafka != nullptr) {
    range.properties = KafkaProperties(*kafka, config->name);
    range.topics = kafka->topics;
  }
  if (!given.topics.empty()) range.topics = given.topics;
  if (!given.brokers.empty()) {
    range.properties["bootstrap.servers"] = given.brokers;
  }
  if (range.topics.empty() || !range.properties.contains("bootstrap.servers")) {
    return Error{
        "backtest needs --events, or --topic with --brokers, or -c with a "
        "Kafka source"};
  }
  Duration warm_up{};
  const Status read = ReadDuration(given.warm_up, "--warm-up", &warm_up);
  if (!read.ok()) return read.error();
  const BacktestOptions& options = plan.options;
  if (options.from) range.from = *options.from - warm_up;
  if (options.to) {
    range.to = *options.to + options.intake.allowed_lateness +
               options.intake.reorder + kOnTheWay;
  }
  return range;
}

int OpenEvents(const BacktestLine& given, const Config* config, const Io& io,
               BacktestPlan* plan) {
  Result<std::unique_ptr<PastEvents>> events = Error{};
  if (!given.events.empty()) {
    events = OpenPastFile(given.events, plan->options.decoder.max_bytes);
  } else {
    auto range = RangeOf(given, *plan, config);
    if (!range.ok()) return Fail(io, range.error().message, kUsage);
    const std::string brokers = range.value().properties["bootstrap.servers"];
    const WaitingNote note(io.err, "waiting for " + brokers + " ..",
                           std::chrono::seconds(2));
    events = OpenPastTopics(std::move(range).value());
  }
  if (!events.ok()) return Fail(io, events.error().message);
  plan->events = std::move(events).value();
  return kOk;
}

}  // namespace

void AddPastOptions(CLI::App* command, BacktestLine* options) {
  const auto option = [command](const char* name, auto* into,
                                const char* help) {
    return command->add_option(name, *into, help);
  };
  option("--rules", &options->rules, "Rule files, folders or patterns");
  option("--events", &options->events,
         "JSON Lines; .gz, .zst, or - for standard input");
  option("--preset", &options->preset,
         "segment, rudderstack, cloudevents or plain; by default recognised");
  option("--profiles", &options->profiles,
         "Profiles of customers: CSV or JSON Lines");
  command->add_flag("--sort", options->sort,
                    "Put events in order of time first (in memory)");
  command->add_flag("--self-preservation", options->self_preservation,
                    "Hold what fires because nothing happens where the events "
                    "have a gap or too many customers fall silent, as live");
  option("--allowed-lateness", &options->allowed_lateness,
         "How far the clock stays behind the newest event");
  option("--reorder", &options->reorder,
         "Hold events back by this, to put them in order");
  option("--dedup-window", &options->dedup_window,
         "How long an event's id is remembered");
}

Status ReadInstant(const std::string& text, const char* option,
                   std::optional<Timestamp>* into) {
  if (text.empty()) return {};
  const auto day = ParseDate(text);
  *into = day ? Timestamp(*day) : ParseInstant(text);
  constexpr Timestamp kEarliest =
      std::chrono::sys_days(std::chrono::year(1990) / std::chrono::January / 1);
  const bool as_meant =
      *into && (*into >= kEarliest || day || ParseRfc3339(text));
  if (as_meant) return {};
  const std::string what =
      *into ? FormatInstant(**into) + " in epoch milliseconds" : "no instant";
  return Error{
      fmt::format("{} is `{}`, which is {}: write 2026-01-31T00:00:00Z, "
                  "2026-01-31 for midnight UTC, or epoch milliseconds",
                  option, text, what)};
}

namespace {

// With where they were looked for.
void WarnOfNone(const BacktestPlan& plan, const Io& io) {
  const BacktestOptions& options = plan.options;
  std::string where;
  if (options.from) where += " from " + FormatInstant(*options.from) + " on";
  if (options.from && options.to) where += " and";
  if (options.to) where += " before " + FormatInstant(*options.to);
  *io.err << fmt::format("warning: there is no event{} in {}\n", where,
                         plan.events->name());
}

// Profiles of others are of no use, and the rules may ask for them.
void WarnOfStrangers(const BacktestPlan& plan, const Io& io) {
  const std::size_t known = plan.options.profiles.size();
  *io.err << fmt::format(
      "warning: none of the {} in {} occurs in the events{}\n",
      Counted(known, "customer"), fmt::join(plan.profile_files, ", "),
      plan.options.decoder.customer_is_user
          ? ""
          : "; if they name customers by their user, a configuration (-c) "
            "with `customer: user` is missing");
}

}  // namespace

void WarnOfEvents(const BacktestCounts& counts, const BacktestPlan& plan,
                  const Io& io) {
  if (counts.shown_events == 0 &&
      (counts.events > 0 || counts.refused.empty())) {
    WarnOfNone(plan, io);
  }
  if (counts.events > 0 && !counts.known_customers &&
      !plan.options.profiles.empty()) {
    WarnOfStrangers(plan, io);
  }
  if (counts.late > 0) {
    *io.err << fmt::format(
        "warning: {} older than the clock when {} came (late){}\n",
        counts.late == 1 ? "1 event is" : Grouped(counts.late) + " events are",
        counts.late == 1 ? "it" : "they",
        plan.options.sort ? "" : "; --sort puts the file in order of time");
  }
  if (counts.refused.empty()) return;
  std::string reasons;
  std::uint64_t sum = 0;
  for (const auto& [reason, count] : counts.refused) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ",
                           ToString(reason), count);
    sum += count;
  }
  *io.err << fmt::format("warning: {} cannot be used: {}\n",
                         Counted(sum, "event"), reasons);
}

void EndBar(std::uint64_t events, BacktestPlan* plan) {
  if (plan->bar) plan->bar->End(events);
  plan->bar.reset();
}

int RefuseNothing(const BacktestCounts& counts, const BacktestPlan& plan,
                  const Io& io) {
  if (counts.events > 0 || counts.refused.empty()) return kOk;
  WarnOfEvents(counts, plan, io);
  constexpr std::size_t kRecordsLookedAt = 20;
  if (const auto head = plan.events->Head(kRecordsLookedAt);
      head.ok() && !head.value().empty()) {
    std::string advice = AdviceOnLines(plan.events->name(), head.value()[0]);
    if (!advice.empty()) return Fail(io, advice);
    DecoderOptions decoder = plan.options.decoder;
    decoder.preset =
        plan.options.preset.value_or(RecognisePreset(head.value()));
    advice = AdviceOnSpelling(head.value(), decoder);
    if (!advice.empty()) {
      return Fail(
          io, plan.events->name() + ": no event in it can be used; " + advice);
    }
  }
  return Fail(io, plan.events->name() +
                      ": no event in it can be used; `premura infer` tells "
                      "why");
}

namespace {

// Before anything is written.
Status CheckOut(const BacktestLine& given, const BacktestPlan& plan,
                const Sources& sources) {
  std::vector<std::string> files = sources.profile_files;
  files.insert(files.end(), {given.events, given.config});
  std::vector<std::string> rules = plan.rule_paths;
  if (!given.against.empty()) rules.push_back(given.against);
  return CheckOutput("--out", given.out, files, rules);
}

}  // namespace

int MakeBacktestPlan(const BacktestLine& given, const Io& io,
                     BacktestPlan* plan) {
  Sources sources;
  const int read = ReadConfig(given, io, plan, &sources);
  if (read != kOk) return read;
  const Status apart = CheckOut(given, *plan, sources);
  if (!apart.ok()) return Fail(io, apart.error().message, kUsage);
  LoadedRules rules = LoadRulePaths(plan->rule_paths, {});
  Diagnostics diagnostics = std::move(rules.diagnostics);
  plan->rules = std::move(rules.rules);
  plan->profile_files = sources.profile_files;
  plan->options.profiles =
      ReadProfileFiles(sources.profile_files, plan->rules.get(), &diagnostics);
  FillLines(&diagnostics);
  *io.err << RenderText(diagnostics);
  if (HasErrors(diagnostics) || plan->rules == nullptr) return kFailure;
  const int opened = OpenEvents(given, sources.config.get(), io, plan);
  if (opened != kOk) return opened;
  AddBar(given, io, plan);
  return kOk;
}

std::shared_ptr<const RuleSet> LoadOtherRules(const std::string& against,
                                              const BacktestPlan& plan,
                                              const Io& io) {
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

}  // namespace premura
