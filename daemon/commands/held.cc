// SPDX-License-Identifier: Apache-2.0
// `premura held`: what waits for a person; `premura release KEY..`, `premura
// drop KEY..|--rule ID` and `premura settle KEY arrived|lost`: the person's
// word on it. Beside a daemon or without one.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/admin/admin_client.h"
#include "daemon/commands/commands.h"
#include "daemon/held_report.h"
#include "notifiers/clock.h"
#include "notifiers/ledger.h"
#include "notifiers/ruling.h"

namespace premura {
namespace {

struct ListOptions {
  int most = 100;
  std::string output = "table";
  std::string config;
};

int List(const ListOptions& options, const Io& io) {
  const auto config = LoadConfigToLedger(io, options.config);
  if (config == nullptr) return kFailure;
  auto ledger = OpenLedger(*config, io, Ledger::Access::kRead);
  if (!ledger.ok()) return Fail(io, ledger.error().message);
  auto held = Outbox(ledger.value()->database()).ForPerson(options.most + 1);
  if (!held.ok()) return Fail(io, held.error().message);
  std::vector<Delivery>& list = held.value();
  const auto most = static_cast<std::size_t>(options.most);
  const bool more = list.size() > most;
  if (more) list.pop_back();
  *io.out << (options.output == "json" ? HeldJson(list) : HeldText(list, more));
  return kOk;
}

struct WordOptions {
  std::vector<std::string> keys;
  std::string rule;  // Of drop: all of it instead.
  std::string config;
};

int DropRule(const std::string& rule, Ledger* ledger, const Io& io) {
  const auto dropped = DropAllOf(ledger, rule, WhoAmI(), SystemClock().Now());
  if (!dropped.ok()) return Fail(io, dropped.error().message);
  if (dropped.value() == 0) {
    return Fail(io, fmt::format("nothing of a rule `{}` is waiting", rule));
  }
  *io.out << fmt::format("rule {}: {} dropped\n", rule, dropped.value());
  return kOk;
}

// Released ones are due, but only a daemon sends.
void TellIfNobodySends(const Config& config, const Io& io) {
  ConfigOptions environment;
  environment.environment = io.environment;
  if (AdminGet(config, environment, "/healthz").ok()) return;
  *io.err << "no daemon answers: what is released goes when one runs\n";
}

int Say(const WordOptions& options, RulingWord word, const Io& io) {
  if (options.keys.empty() && options.rule.empty()) {
    return Fail(io, "drop needs KEY.. or --rule ID", kUsage);
  }
  const auto config = LoadConfigToLedger(io, options.config);
  if (config == nullptr) return kFailure;
  auto ledger = OpenLedger(*config, io, Ledger::Access::kWrite);
  if (!ledger.ok()) return Fail(io, ledger.error().message);
  if (!options.rule.empty()) {
    return DropRule(options.rule, ledger.value().get(), io);
  }
  const Status said = SayOf(ledger.value().get(), options.keys, word, WhoAmI(),
                            SystemClock().Now());
  if (!said.ok()) return Fail(io, said.error().message);
  for (const std::string& key : options.keys) {
    *io.out << fmt::format("delivery {}: {}\n", key, ToString(word));
  }
  if (word == RulingWord::kReleased) TellIfNobodySends(*config, io);
  return kOk;
}

void AddWord(CLI::App* app, const char* name, const char* help, RulingWord word,
             const Io& io, Chosen* chosen) {
  auto options = std::make_shared<WordOptions>();
  CLI::App* const command = app->add_subcommand(name, help);
  CLI::Option* const keys = command->add_option(
      "KEY", options->keys, "Keys, as `premura held` lists them");
  if (word == RulingWord::kDropped) {
    command
        ->add_option("--rule", options->rule,
                     "All that waits of this rule, for whatever reason")
        ->excludes(keys);
  } else {
    keys->required();
  }
  AddConfigOption(command, &options->config);
  command->callback([options, word, io, chosen] {
    *chosen = [options, word, io] { return Say(*options, word, io); };
  });
}

}  // namespace

void AddHeld(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<ListOptions>();
  CLI::App* const command = app->add_subcommand(
      "held",
      "List the deliveries that wait for a person: in doubt and not to be "
      "asked for, or held without an end.");
  command
      ->add_option("--most", options->most, "How many, longest waiting first")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--output", options->output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  AddConfigOption(command, &options->config);
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return List(*options, io); };
  });
}

void AddRelease(CLI::App* app, const Io& io, Chosen* chosen) {
  AddWord(app, "release",
          "Send deliveries that wait for a person after all, if the gates let "
          "them. One that is unknown may arrive twice.",
          RulingWord::kReleased, io, chosen);
}

void AddDrop(CLI::App* app, const Io& io, Chosen* chosen) {
  AddWord(app, "drop",
          "Never send deliveries that wait for a person, or all that wait of a "
          "rule.",
          RulingWord::kDropped, io, chosen);
}

void AddSettle(CLI::App* app, const Io& io, Chosen* chosen) {
  struct Settled {
    std::string key;
    std::string what;
    std::string config;
  };
  auto settled = std::make_shared<Settled>();
  CLI::App* const command = app->add_subcommand(
      "settle",
      "Say what became of a delivery that is unknown, after a look into the "
      "relay's or gateway's log. Nothing is sent.");
  command->add_option("KEY", settled->key, "Its key, as held lists it")
      ->required();
  command
      ->add_option("WHAT", settled->what,
                   "arrived: it counts as sent; lost: as failed")
      ->required()
      ->check(CLI::IsMember({"arrived", "lost"}));
  AddConfigOption(command, &settled->config);
  command->callback([settled, io, chosen] {
    const RulingWord word =
        settled->what == "arrived" ? RulingWord::kArrived : RulingWord::kLost;
    *chosen = [settled, word, io] {
      return Say({{settled->key}, "", settled->config}, word, io);
    };
  });
}

}  // namespace premura
