// SPDX-License-Identifier: Apache-2.0
// `premura settle KEY arrived|lost`: a person's word on a delivery that cannot
// be asked for. Beside a daemon or without one: what stays unknown and is due
// no more is a person's turn, and the daemon leaves it alone.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "daemon/commands/commands.h"
#include "notifiers/clock.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"

namespace premura {
namespace {

struct Options {
  std::string key;
  std::string what;
  std::string config;
};

Error NotSettled(const Delivery& delivery) {
  if (delivery.state != DeliveryState::kUnknown) {
    return Error{
        fmt::format("delivery {} is {}: only what is unknown can be "
                    "settled",
                    delivery.key, ToString(delivery.state))};
  }
  return Error{
      fmt::format("delivery {} is still being looked for: the desk is "
                  "asked for it",
                  delivery.key)};
}

Status Settle(const Options& options, Ledger* ledger) {
  Outbox outbox(ledger->database());
  auto found = outbox.Find(options.key);
  if (!found.ok()) return found.error();
  if (!found.value()) {
    return Error{fmt::format("there is no delivery {}", options.key)};
  }
  Delivery delivery = *std::move(found).value();
  const Timestamp now = SystemClock().Now();
  if (delivery.state != DeliveryState::kUnknown || delivery.due_at) {
    return NotSettled(delivery);
  }
  const bool arrived = options.what == "arrived";
  delivery.detail =
      fmt::format("{} said at {} that it {}", WhoAmI(), FormatInstant(now),
                  arrived ? "arrived" : "was lost");
  delivery.state = arrived ? DeliveryState::kSent : DeliveryState::kFailed;
  // What arrived counts for caps from when it was sent.
  if (!arrived) delivery.changed_at = now;
  Status saved = outbox.Save(delivery);
  if (!saved.ok() || delivery.channel != "ticket") return saved;
  return outbox.ReleaseOfDetection(delivery.detection,
                                   Reason::kWaitingForTicket, now);
}

int SettleOne(const Options& options, const Io& io) {
  const auto config = LoadConfigToLook(io, options.config);
  if (config == nullptr) return kFailure;
  // Not a new one: no daemon would look into it.
  auto ledger = Ledger::Open(config->ledger_url, Ledger::Access::kRead);
  if (ledger.ok()) {
    ledger = Ledger::Open(config->ledger_url, Ledger::Access::kWrite);
  }
  if (!ledger.ok()) return Fail(io, ledger.error().message);
  Status status = ledger.value()->Begin();
  if (status.ok()) status = Settle(options, ledger.value().get());
  if (status.ok()) status = ledger.value()->Commit();
  if (!status.ok()) {
    ledger.value()->Rollback();
    return Fail(io, status.error().message);
  }
  *io.out << fmt::format("delivery {} is settled: {}\n", options.key,
                         options.what);
  return kOk;
}

}  // namespace

void AddSettle(CLI::App* app, const Io& io, Chosen* chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* const command = app->add_subcommand(
      "settle",
      "Say what became of a delivery that is unknown, after a look into the "
      "relay's or gateway's log.");
  command
      ->add_option("KEY", options->key,
                   "The delivery's key, as explain and the log show it")
      ->required();
  command
      ->add_option("WHAT", options->what,
                   "arrived: it counts as sent; lost: as failed")
      ->required()
      ->check(CLI::IsMember({"arrived", "lost"}));
  AddConfigOption(command, &options->config);
  command->callback([options, io, chosen] {
    *chosen = [options, io] { return SettleOne(*options, io); };
  });
}

}  // namespace premura
