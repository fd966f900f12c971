// SPDX-License-Identifier: Apache-2.0
// Rules for OutreachWorld::Start().

#pragma once

#include <string>

namespace premura {

// One with these lines and actions; an invoice that is paid cancels it.
inline std::string RuleYaml(const std::string& id, const std::string& more,
                            const std::string& actions) {
  return "  - id: " + id + "\n    title: Keeps coming back\n" +
         "    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}\n"
         "    cancel_on: [{event: invoice_paid}]\n" +
         (more.empty() ? "" : "    " + more + "\n") + "    actions:\n" +
         actions;
}
inline constexpr char kTicketAction[] =
    "      - ticket: {template: help, queue: billing}\n";
inline constexpr char kEmailAction[] = "      - email: {template: help}\n";
inline constexpr char kSmsAction[] = "      - sms: {template: short}\n";

// A ticket, a mail, an SMS.
inline constexpr char kDeliveryRules[] = R"(
  - id: ticket
    title: Ticket
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cancel_on: [{event: invoice_paid}]
    actions: [{ticket: {template: help}}]
  - id: mail
    title: Mail
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{email: {template: help}}]
  - id: sms
    title: Sms
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    cancel_on: [{event: invoice_paid}]
    actions: [{sms: {template: help}}]
)";

}  // namespace premura
