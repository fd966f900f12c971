// SPDX-License-Identifier: Apache-2.0
#include "daemon/sample_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/case_record.h"
#include "notifiers/digest.h"
#include "notifiers/message_builder.h"
#include "notifiers/profile_facts.h"

namespace premura {
namespace {

Delivery DeliveryOf(const Detection& detection, std::size_t index) {
  const Action& action = detection.rule->actions[index];
  Delivery delivery;
  delivery.action = static_cast<int>(index);
  delivery.channel = ToString(action.channel);
  delivery.key =
      DeliveryKey("sample", detection.id, delivery.channel, delivery.action);
  delivery.detection = detection.id;
  delivery.rule = detection.rule->id;
  delivery.customer = detection.customer;
  delivery.template_name = action.template_name;
  delivery.category = action.category;
  delivery.queue = action.queue;
  delivery.ticket_priority = action.priority;
  delivery.changed_at = detection.at;
  return delivery;
}

DecisionRecord DecisionOf(const Detection& detection, std::size_t index) {
  DecisionRecord decision;
  decision.detection = detection.id;
  decision.action = static_cast<int>(index);
  decision.channel = ToString(detection.rule->actions[index].channel);
  return decision;
}

// As the ledger would have it when this one goes.
CaseSoFar CaseOf(const Detection& detection, std::size_t own,
                 const Profile& profile) {
  const Rule& rule = *detection.rule;
  const bool is_ticket = rule.actions[own].channel == Action::Channel::kTicket;
  CaseSoFar so_far;
  for (std::size_t i = 0; i < rule.actions.size(); ++i) {
    const Action& action = rule.actions[i];
    if (i != own && !IsMeantFor(action, detection, profile)) continue;
    Delivery delivery = DeliveryOf(detection, i);
    if (action.channel == Action::Channel::kTicket) {
      delivery.state = DeliveryState::kSent;
      delivery.ticket =
          TicketReference{"desk", "4711", "[example.com #4711]", ""};
    } else if (action.delay > Duration::zero()) {
      delivery.state = DeliveryState::kHeld;
      delivery.reason = Reason::kDelay;
      delivery.due_at = detection.at + action.delay;
    } else if (is_ticket && action.channel == Action::Channel::kEmail) {
      delivery.state = DeliveryState::kHeld;
      delivery.reason = Reason::kWaitingForTicket;
    }
    so_far.decisions.push_back(DecisionOf(detection, i));
    so_far.deliveries.push_back(std::move(delivery));
  }
  return so_far;
}

}  // namespace

Profile::Values SampleProfile() {
  return {{"name", R"("Marta Bianchi")"},  {"role", R"("owner")"},
          {"account", R"("Acme Srl")"},    {"tier", R"("professional")"},
          {"locale", R"("en")"},           {"timezone", R"("Europe/Rome")"},
          {"country", R"("IT")"},          {"email", R"("marta@acme.example")"},
          {"phone", R"("+393331234501")"}, {"owner", R"("Anna Rossi")"},
          {"plan", R"("Professional")"}};
}

SenderFacts SampleSender() {
  SenderFacts sender;
  sender.organisation = "Example";
  sender.name = "Anna Rossi, Example support";
  sender.phone = "+39 02 1234567";
  sender.hours = "Mon-Fri 9-18 (CET)";
  sender.address = "help@example.com";
  sender.help_url = "https://example.com/help";
  sender.stop_url = "https://example.com/stop";
  return sender;
}

bool IsMeantFor(const Action& action, const Detection& detection,
                const Profile& profile) {
  return action.only_if.Matches(
      ProfileFacts(profile, detection.rules->symbols()));
}

Result<Message> MakeSampleMessage(const Detection& detection,
                                  std::size_t action, const Profile& profile,
                                  const OutreachSettings& settings) {
  return BuildMessage(DeliveryOf(detection, action), MakeCaseRecord(detection),
                      profile, CaseOf(detection, action, profile), settings,
                      detection.at);
}

}  // namespace premura
