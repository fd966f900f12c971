// SPDX-License-Identifier: Apache-2.0
// `premura infer`: what there is in events, for who begins to write rules.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>
#include <thread>

#include "daemon/advice/customer_guess.h"
#include "daemon/advice/starter_rules.h"
#include "daemon/advice/survey_report.h"
#include "daemon/backtest/backtest.h"
#include "daemon/backtest/backtest_sums.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/event_options.h"
#include "daemon/simulation/past_events.h"
#include "signals/decode_plan.h"

namespace premura {
namespace {

constexpr std::size_t kRecordsLookedAt = 20;

struct Options {
  EventOptions events;
  std::string config;
  std::string format = "text";
};

void TellHowLinesAreMade(const SurveyOptions& options, const Survey& survey,
                         const Io& io) {
  if (!survey.refused.contains(Refusal::kBrokenJson)) return;
  const std::string advice =
      AdviceOnFile(options.events, options.decoder.max_bytes);
  if (!advice.empty()) *io.err << advice << '\n';
}

void TellWhereCustomersAre(const std::vector<std::string>& head,
                           const DecoderOptions& decoder,
                           const std::string& file, const Io& io) {
  const std::string field = GuessCustomerField(head);
  const std::vector<std::string> paths = CustomerPaths(decoder);
  const bool looked_at =
      std::find(paths.begin(), paths.end(), field) != paths.end();
  if (field.empty() || looked_at) return;
  *io.err << fmt::format(
      "`{0}` looks like the customer: write it in a configuration, and pass "
      "that with -c\n\n"
      "  sources:\n"
      "    - file: {{path: \"{1}\"}}\n"
      "      mapping: {{customer: [{0}]}}\n",
      field, file);
}

// Without a customer, a name and a time an event is no use, whatever else it
// says. Some that are nobody's among others are as they should be.
void TellWhatIsMissing(const SurveyOptions& options, const Survey& survey,
                       const Io& io) {
  const auto nobodys = survey.refused.find(Refusal::kNoCustomer);
  const bool nobody =
      nobodys != survey.refused.end() && nobodys->second.count >= survey.events;
  if (!nobody && (survey.events > 0 || survey.refused.empty())) return;
  const auto events = OpenPastFile(options.events, options.decoder.max_bytes);
  if (!events.ok()) return;
  const auto head = events.value()->Head(kRecordsLookedAt);
  if (!head.ok()) return;
  DecoderOptions decoder = options.decoder;
  decoder.preset = survey.preset;
  const std::string advice = AdviceOnSpelling(head.value(), decoder);
  if (!advice.empty()) {
    *io.err << advice << '\n';
  } else if (nobody) {
    TellWhereCustomersAre(head.value(), decoder, options.events, io);
  }
}

// Plays rules over the file that was surveyed: in order of time, or whoever
// comes in it behind others would be late, and found by no rule.
StarterTrial TrialOver(const SurveyOptions& surveyed, const Survey& survey) {
  if (surveyed.events == "-") return {};  // Can be read only once.
  return [surveyed, preset = survey.preset,
          behind = survey.most_behind](const std::string& text) {
    std::map<std::string, std::size_t> found;
    const auto rules = LoadRules({{"starter.yaml", text}}, {}).rules;
    const auto events =
        OpenPastFile(surveyed.events, surveyed.decoder.max_bytes);
    if (rules == nullptr || !events.ok()) return found;
    BacktestOptions options;
    options.preset = preset;
    options.decoder = surveyed.decoder;
    options.intake.reorder = behind;  // Unlike `sort` in bounded memory.
    options.cores =
        static_cast<int>(std::max(std::thread::hardware_concurrency(), 1U));
    BacktestSums sums;
    const auto ran = RunBacktest(events.value().get(), options, rules, &sums);
    if (!ran.ok()) return found;
    for (const auto& [id, of] : sums.rules()) found[id] = of.customers.size();
    return found;
  };
}

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
  if (options.events.file != "-") {
    TellHowLinesAreMade(how.value(), survey.value(), io);
    TellWhatIsMissing(how.value(), survey.value(), io);
  }
  const std::string starter =
      StarterRules(survey.value(), TrialOver(how.value(), survey.value()));
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
