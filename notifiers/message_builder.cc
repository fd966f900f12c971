// SPDX-License-Identifier: Apache-2.0
#include "notifiers/message_builder.h"

#include <fmt/format.h>

#include <utility>

#include "notifiers/mail_address.h"
#include "notifiers/phone.h"
#include "notifiers/quiet_hours.h"
#include "notifiers/zones.h"

namespace premura {
namespace {

std::string When(const std::string& zone, Timestamp at) {
  return zone.empty() ? FormatLocal("Etc/UTC", at) + " UTC"
                      : FormatLocal(zone, at);
}

// "email sent 2026-11-20 09:55", for the agent who reads the ticket.
std::string InWords(const Delivery& delivery, const std::string& zone) {
  const std::string& channel = delivery.channel;
  switch (delivery.state) {
    case DeliveryState::kSent:
      return fmt::format("{} sent {}", channel,
                         When(zone, delivery.changed_at));
    case DeliveryState::kHeld:
      if (delivery.reason == Reason::kWaitingForTicket) {
        return fmt::format("{} follows", channel);
      }
      return delivery.due_at ? fmt::format("{} held until {} ({})", channel,
                                           When(zone, *delivery.due_at),
                                           ToString(delivery.reason))
                             : fmt::format("{} held ({})", channel,
                                           ToString(delivery.reason));
    case DeliveryState::kFailed:
    case DeliveryState::kSuppressed:
      return fmt::format("{} not sent ({})", channel,
                         ToString(delivery.reason));
    case DeliveryState::kUnknown:
      return fmt::format("{} perhaps sent", channel);
    case DeliveryState::kPending:
    case DeliveryState::kSending:
    case DeliveryState::kRetry:
      break;
  }
  return fmt::format("{} on its way", channel);
}

std::string AddressFor(const std::string& channel, const Profile& profile) {
  if (channel == "sms") {
    return ParsePhone(profile.Text("phone")).value_or("");
  }
  std::string email(profile.Text("email"));
  return IsMailAddress(email) ? email : "";
}

}  // namespace

Result<Message> BuildMessage(const Delivery& delivery, const CaseRecord& record,
                             const Profile& profile,
                             const std::vector<Delivery>& of_case,
                             const OutreachSettings& settings, Timestamp now) {
  if (settings.templates == nullptr) return Error{"no templates are loaded"};
  RenderInput input;
  input.record = &record;
  input.profile = &profile;
  input.sender = &settings.sender;
  // An agent reads a ticket, whatever the customer speaks.
  if (delivery.channel != "ticket") input.locale = profile.Text("locale");
  if (input.locale.empty()) input.locale = settings.restraint.default_locale;
  input.timezone = ZoneOf(&profile, settings.restraint);
  for (const Delivery& other : of_case) {
    if (other.key == delivery.key) continue;
    if (!input.ticket) input.ticket = other.ticket;
    input.done.push_back(InWords(other, input.timezone));
  }
  auto rendered = settings.templates->Render(delivery.template_name,
                                             delivery.channel, input);
  if (!rendered.ok()) return rendered.error();
  Rendered words = std::move(rendered).value();

  Message message;
  message.key = delivery.key;
  message.detection_id = delivery.detection;
  message.rule_id = delivery.rule;
  message.customer = delivery.customer;
  message.to = AddressFor(delivery.channel, profile);
  message.to_name = profile.Text("name");
  message.locale = std::move(words.locale);
  message.category = delivery.category;
  message.subject = std::move(words.subject);
  message.text = std::move(words.text);
  message.html = std::move(words.html);
  message.queue = delivery.queue;
  message.priority = delivery.ticket_priority;
  if (delivery.channel == "ticket") message.case_json = ToJson(record);
  message.ticket = input.ticket;
  message.first_attempt = now;
  return message;
}

}  // namespace premura
