// SPDX-License-Identifier: Apache-2.0
#include "notifiers/message_builder.h"

#include <algorithm>
#include <utility>

#include "notifiers/mail_address.h"
#include "notifiers/phone.h"
#include "notifiers/quiet_hours.h"

namespace premura {
namespace {

DoneStep StepOf(const Delivery& delivery) {
  using enum DoneStep::What;
  DoneStep step;
  step.channel = delivery.channel;
  step.reason = delivery.reason;
  switch (delivery.state) {
    case DeliveryState::kSent:
      step.what = kSent;
      step.time = delivery.changed_at;
      break;
    case DeliveryState::kHeld:
      if (delivery.reason == Reason::kWaitingForTicket) {
        step.what = kFollows;
      } else {
        step.what = kHeld;
        step.time = delivery.due_at;
      }
      break;
    case DeliveryState::kFailed:
    case DeliveryState::kSuppressed:
      step.what = kNotSent;
      break;
    case DeliveryState::kUnknown:
      step.what = kPerhapsSent;
      break;
    case DeliveryState::kPending:
    case DeliveryState::kSending:
    case DeliveryState::kRetry:
      break;
  }
  return step;
}

// For the agent who reads the ticket: what became of the other actions, those
// included that were not to be. What is not meant for this customer (only_if)
// is no news.
std::vector<DoneStep> StepsOf(const CaseSoFar& so_far, int own_action) {
  std::vector<DoneStep> steps;
  for (const DecisionRecord& decision : so_far.decisions) {
    if (decision.action == own_action) continue;
    const auto delivery = std::find_if(
        so_far.deliveries.begin(), so_far.deliveries.end(),
        [&](const Delivery& one) { return one.action == decision.action; });
    if (delivery != so_far.deliveries.end()) {
      steps.push_back(StepOf(*delivery));
    } else if (decision.verdict.reason != Reason::kOnlyIf) {
      steps.push_back({DoneStep::What::kNotSent,
                       decision.channel,
                       decision.verdict.reason,
                       {}});
    }
  }
  return steps;
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
                             const Profile& profile, const CaseSoFar& so_far,
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
  for (const Delivery& other : so_far.deliveries) {
    if (other.key != delivery.key && !input.ticket) input.ticket = other.ticket;
  }
  input.done = StepsOf(so_far, delivery.action);
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
