// SPDX-License-Identifier: Apache-2.0
// `premura infer`: what there is in events, for who begins to write rules.

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "daemon/commands/event_options.h"
#include "daemon/starter_rules.h"
#include "daemon/survey_report.h"

namespace premura {
namespace {

struct Options {
  EventOptions events;
  std::string config;
  std::string format = "text";
};

int Infer(const Options& options, const Io& io) {
  std::shared_ptr<const Config> config;
  if (!options.config.empty()) {
    config = LoadConfigToLook(io, options.config);
    if (config == nullptr) return kFailure;
  }
  const auto how = MakeSurveyOptions(options.events, config.get());
  if (!how.ok()) return Fail(io, how.error().message, kUsage);
  const auto survey = SurveyEvents(how.value());
  if (!survey.ok()) return Fail(io, survey.error().message);
  const std::string starter = StarterRules(survey.value());
  *io.out << (options.format == "json" ? SurveyJson(survey.value(), starter)
                                       : SurveyText(survey.value(), starter));
  return kOk;
}

}  // namespace

void AddInfer(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "infer",
      "Tell what there is in events: names, fields, values, customers, rates; "
      "and rules to begin with. What looks personal or secret is not shown.");
  AddEventOptions(command, &options->events)->required();
  command->add_option("-c,--config", options->config,
                      "Configuration whose first source says how events are "
                      "read");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return Infer(*options, io); };
  });
}

}  // namespace premura
