// SPDX-License-Identifier: Apache-2.0
// `premura check`: all mistakes of rules, and with -c of configuration,
// templates and profiles, at once.

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/advice/customer_guess.h"
#include "daemon/advice/rule_advice.h"
#include "daemon/advice/sample_advice.h"
#include "daemon/assembly.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/event_options.h"
#include "daemon/commands/rule_templates.h"
#include "daemon/simulation/past_events.h"
#include "rules/rule_set.h"

namespace premura {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string config;
  EventOptions events;
  std::string format = "text";
};

// What was found, and the rules if they could be read.
struct Checked {
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const RuleSet> sound;  // Whatever other rules lack.
  std::shared_ptr<const Config> config;
};

// A file that is no JSON Lines would end among the dead letters, line by line.
void WarnOfLines(const Config& config, Diagnostics* diagnostics) {
  for (const SourceConfig& source : config.sources) {
    const auto* const file = std::get_if<ReplayConfig>(&source.from);
    if (file == nullptr) continue;
    Diagnostic warning;
    warning.severity = Diagnostic::Severity::kWarning;
    warning.where.file = file->path;
    warning.message = AdviceOnFile(file->path, source.max_bytes);
    if (!warning.message.empty()) diagnostics->push_back(std::move(warning));
  }
}

// Rules on their own; their templates if they lie beside them.
Checked CheckRules(const std::vector<std::string>& paths) {
  Checked checked;
  Diagnostics* const diagnostics = &checked.diagnostics;
  const auto files = ExpandRulePaths(paths);
  const std::vector<std::string> folders =
      files.ok() ? SiblingTemplates(files.value()) : std::vector<std::string>();
  std::shared_ptr<const TemplateSet> templates;
  LoadOptions options;
  if (!folders.empty()) {
    templates = TemplateSet::Load(folders, "en", diagnostics);
    if (templates) options.extra_properties = templates->EventProperties();
  }
  const LoadedRules rules = LoadRulePaths(paths, options);
  diagnostics->insert(diagnostics->end(), rules.diagnostics.begin(),
                      rules.diagnostics.end());
  checked.rules = rules.rules;
  checked.sound = rules.sound;
  if (rules.rules) WarnOfDelays(*rules.rules, diagnostics);
  if (rules.rules && templates) {
    CheckActions(*rules.rules, *templates, nullptr, diagnostics);
    WarnOfLanguages(*rules.rules, *templates, diagnostics);
  }
  return checked;
}

Checked CheckConfig(const Options& options, const Io& io) {
  ConfigOptions config_options;
  config_options.environment = io.environment;
  LoadedConfig loaded = LoadConfig(options.config, config_options);
  Checked checked;
  if (loaded.config == nullptr) {
    // What the command line names can be checked nevertheless.
    if (!options.paths.empty()) checked = CheckRules(options.paths);
  } else {
    Config config = *loaded.config;
    if (!options.paths.empty()) config.rules = options.paths;
    LoadedAssembly assembled = Assemble(config, nullptr);
    checked.diagnostics = std::move(assembled.diagnostics);
    checked.rules = assembled.rules;
    checked.sound = assembled.sound;
    checked.config = loaded.config;
    WarnOfLines(*loaded.config, &checked.diagnostics);
  }
  checked.diagnostics.insert(checked.diagnostics.end(),
                             loaded.diagnostics.begin(),
                             loaded.diagnostics.end());
  return checked;
}

// What the ledger knows of the rules; there may be none yet.
void CheckLedger(const Io& io, Checked* checked) {
  if (checked->config == nullptr || checked->rules == nullptr) return;
  const auto ledger = OpenLedger(*checked->config, io, Ledger::Access::kRead);
  if (!ledger.ok()) return;
  const auto counts = CountByRule(ledger.value().get());
  if (!counts.ok()) return;
  WarnOfLongSimulation(*checked->rules, counts.value(), SystemClock().Now(),
                       &checked->diagnostics);
}

// Of a file without an event that could be used.
std::string WhyUnusable(const SurveyOptions& options, Preset preset) {
  constexpr std::size_t kRecordsLookedAt = 20;
  std::string why = AdviceOnFile(options.events, options.decoder.max_bytes);
  const auto events = OpenPastFile(options.events, options.decoder.max_bytes);
  if (why.empty() && options.events != "-" && events.ok()) {
    DecoderOptions decoder = options.decoder;
    decoder.preset = preset;
    const auto head = events.value()->Head(kRecordsLookedAt);
    if (head.ok()) why = AdviceOnSpelling(head.value(), decoder);
  }
  return why.empty() ? "`premura infer` tells why" : why;
}

// Compares the rules with what `--events` holds.
Status CheckEvents(const EventOptions& options, Checked* checked) {
  if (options.file.empty() || checked->sound == nullptr) return {};
  const auto how = MakeSurveyOptions(options, checked->config.get());
  if (!how.ok()) return how.error();
  const auto survey = SurveyEvents(how.value());
  Diagnostic unusable;
  unusable.where.file = options.file;
  if (!survey.ok()) {
    unusable.message = survey.error().message;
  } else if (survey.value().events == 0) {
    unusable.message = "no event in it can be used";
    unusable.hint = WhyUnusable(how.value(), survey.value().preset);
  } else {
    WarnOfUnseen(*checked->sound, survey.value(), &checked->diagnostics);
    return {};
  }
  checked->diagnostics.push_back(std::move(unusable));
  return {};
}

int Check(Options options, const Io& io) {
  if (options.paths.empty()) {
    const Result<std::string> config = ConfigPath(io, options.config);
    if (!config.ok()) {
      return Fail(io,
                  "check needs rules (PATH...) or a configuration: " +
                      config.error().message,
                  kUsage);
    }
    options.config = config.value();
  }
  Checked checked = options.config.empty() ? CheckRules(options.paths)
                                           : CheckConfig(options, io);
  CheckLedger(io, &checked);
  const Status compared = CheckEvents(options.events, &checked);
  if (!compared.ok()) return Fail(io, compared.error().message);
  Diagnostics& diagnostics = checked.diagnostics;
  FillLines(&diagnostics);
  SortDiagnostics(&diagnostics);
  if (options.format == "json") {
    *io.out << RenderJson(diagnostics);
  } else if (options.format == "github") {
    *io.out << RenderGithub(diagnostics);
  } else if (diagnostics.empty()) {
    *io.out << "No mistakes found.\n";
  } else {
    *io.out << RenderText(diagnostics);
  }
  return HasErrors(diagnostics) ? kFailure : kOk;
}

}  // namespace

void AddCheck(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "check",
      "Check rules, and with -c the configuration and all that it names: "
      "prints every mistake at once; exits with 1 if there is any error.");
  command->add_option("PATH", options->paths,
                      "Rule files, folders or patterns; by default those that "
                      "the configuration names");
  command->add_option("-c,--config", options->config,
                      "Configuration file; without PATH by default that of "
                      "PREMURA_CONFIG, else /etc/premura/premura.yaml");
  AddEventOptions(command, &options->events)
      ->description(
          "Warn of names, fields and values that are not in these events: "
          "JSON Lines; .gz, .zst, or - for standard input");
  command
      ->add_option("--format", options->format,
                   "text, json, or github (workflow annotations)")
      ->check(CLI::IsMember({"text", "json", "github"}))
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Check(*options, io); };
  });
}

}  // namespace premura
