// SPDX-License-Identifier: Apache-2.0
// `premura explain CUSTOMER`: what fired for a customer, what was sent, held
// or suppressed, and why; from the ledger, beside a daemon or without one.

#include "notifiers/explain.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"

namespace premura {
namespace {

struct Options {
  ExplainQuery query;
  std::string config;
  std::string format = "text";
};

int ShowWhy(const Options& options, const Io& io) {
  const auto config = LoadConfigToLook(io, options.config);
  if (config == nullptr) return kFailure;
  auto ledger = Ledger::Open(config->ledger_url, Ledger::Access::kRead);
  if (!ledger.ok()) return Fail(io, ledger.error().message);
  const auto explanation = Explain(ledger.value().get(), options.query);
  if (!explanation.ok()) return Fail(io, explanation.error().message);
  *io.out << (options.format == "json" ? ToJson(explanation.value())
                                       : ToText(explanation.value()));
  return kOk;
}

}  // namespace

void AddExplain(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "explain",
      "Tell what fired for a customer, what was sent, held or suppressed, and "
      "why.");
  command
      ->add_option("CUSTOMER", options->query.customer,
                   "The customer's id, as in the events")
      ->required();
  command->add_option("--rule", options->query.rule, "Only of this rule");
  command
      ->add_option("--most", options->query.most,
                   "How many detections, the newest first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  AddConfigOption(command, &options->config);
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return ShowWhy(*options, io); };
  });
}

}  // namespace premura
