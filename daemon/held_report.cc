// SPDX-License-Identifier: Apache-2.0
#include "daemon/held_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/terminal/text_table.h"
#include "notifiers/json_writer.h"
#include "notifiers/text.h"
#include "rules/printable.h"
#include "signals/zones.h"

namespace premura {
namespace {

constexpr std::size_t kMostCharacters = 48;

std::string Why(const Delivery& delivery) {
  std::string why(ToString(delivery.state));
  if (delivery.reason == Reason::kNone) return why;
  why += ": " + std::string(ToString(delivery.reason));
  if (delivery.detail.empty()) return why;
  return why + " (" +
         std::string(CutCharacters(OneLine(delivery.detail), kMostCharacters)) +
         ")";
}

// Of one that was never tried there is no message yet.
std::string What(const Delivery& delivery) {
  const auto message = ParseMessage(delivery.message);
  if (delivery.message.empty() || !message.ok()) {
    return "template " + delivery.template_name;
  }
  const std::string& said = message.value().subject.empty()
                                ? message.value().text
                                : message.value().subject;
  return std::string(CutCharacters(OneLine(said), kMostCharacters));
}

TextRow RowOf(const Delivery& delivery) {
  return {delivery.key,  delivery.channel, FormatUtc(delivery.changed_at),
          Why(delivery), delivery.rule,    delivery.customer,
          What(delivery)};
}

std::string DeliveryJson(const Delivery& delivery) {
  std::string json;
  Members members(&json);
  members.Text("key", delivery.key);
  members.Text("customer", delivery.customer);
  members.Text("channel", delivery.channel);
  members.Text("lane", delivery.lane);
  members.Text("rule", delivery.rule);
  members.Text("detection", delivery.detection);
  members.Text("template", delivery.template_name);
  members.Time("since", delivery.changed_at);
  members.Text("state", ToString(delivery.state));
  members.Text("reason", ToString(delivery.reason));
  members.Text("detail", delivery.detail);
  members.Time("expires_at", delivery.expires_at);
  members.Number("attempts", delivery.attempts);
  if (!delivery.message.empty()) members.Raw("message", delivery.message);
  members.Close();
  return json;
}

// What can be said of those that wait.
std::string Words(const std::vector<Delivery>& deliveries) {
  const auto stopped = std::count_if(
      deliveries.begin(), deliveries.end(),
      [](const Delivery& one) { return one.reason == Reason::kStopAll; });
  std::string words;
  if (stopped > 0) {
    words +=
        "\nHeld by stop_all: `premura stop-all off` lets them go; never: "
        "premura drop KEY..\n";
  }
  if (static_cast<std::size_t>(stopped) < deliveries.size()) {
    words += fmt::format(
        "\nSend{} after all: premura release KEY..; never: premura drop "
        "KEY..; if the other side's log\nsays what became of an unknown one: "
        "premura settle KEY arrived|lost.\n",
        stopped > 0 ? " others" : "");
  }
  return words;
}

}  // namespace

std::string HeldText(const std::vector<Delivery>& deliveries, bool more) {
  if (deliveries.empty()) return "Nothing waits for a person.\n";
  std::vector<TextRow> rows = {
      {"key", "channel", "since", "why", "rule", "customer", "what"}};
  for (const Delivery& delivery : deliveries) rows.push_back(RowOf(delivery));
  std::string text = AlignedTable(rows, rows.front().size());
  if (more) text += "There are more: see --most.\n";
  return Printable(text, "\n") + Words(deliveries);
}

std::string HeldJson(const std::vector<Delivery>& deliveries) {
  std::string json;
  for (const Delivery& delivery : deliveries) {
    json += (json.empty() ? "" : ",\n ") + DeliveryJson(delivery);
  }
  return "[" + json + "]\n";
}

}  // namespace premura
