// SPDX-License-Identifier: Apache-2.0
// `premura rules`: the rules in force, and what became of their detections;
// from the ledger, beside a daemon or without one.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>

#include "daemon/assembly.h"
#include "daemon/commands/commands.h"
#include "daemon/rules_report.h"

namespace premura {
namespace {

struct Options {
  std::string config;
  std::string format = "text";
  std::string tag;
};

// Nothing has been counted before the daemon has run once.
Result<CountsByRule> ReadCounts(const Config& config, const Io& io) {
  auto ledger = OpenLedger(config, io, Ledger::Access::kRead);
  if (ledger.ok()) return CountByRule(ledger.value().get());
  const std::string& url = config.ledger.url;
  const bool file = url.starts_with("sqlite:");
  std::error_code error;
  if (!file || std::filesystem::exists(url.substr(7), error) || error) {
    return ledger.error();
  }
  *io.err << "note: there is no ledger yet, so nothing is counted\n";
  return CountsByRule();
}

int ShowRules(const Options& options, const Io& io) {
  const auto config = LoadConfigToLook(io, options.config);
  if (config == nullptr) return kFailure;
  LoadedRules rules = LoadRulePaths(config->rules, {});
  if (rules.rules == nullptr) {
    FillLines(&rules.diagnostics);
    *io.err << RenderText(rules.diagnostics);
    return kFailure;
  }
  const auto counts = ReadCounts(*config, io);
  if (!counts.ok()) return Fail(io, counts.error().message);
  *io.out << (options.format == "json"
                  ? RulesJson(*rules.rules, options.tag, counts.value())
                  : RulesText(*rules.rules, options.tag, counts.value()));
  return kOk;
}

}  // namespace

void AddRules(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "rules",
      "List the rules of the configuration, and how many detections each had "
      "and what became of them.");
  AddConfigOption(command, &options->config);
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--tag", options->tag, "Only rules with this tag");
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return ShowRules(*options, io); };
  });
}

}  // namespace premura
