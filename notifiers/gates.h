// SPDX-License-Identifier: Apache-2.0
// Gates: the checks between a detection's action and a contact, in their order.
// Each is a pure function of what it is given; time is an argument.
//
//   rule's status, stop-all, channel, only_if, consent, address, holdout,
//   cooldown, frequency cap, delay, quiet hours, expiry, cancel_on
//
// All are asked when an action is decided, and again at the moment of sending
// but for those whose answer is final (only_if, holdout, cooldown, delay) and
// for the channel: what waits when it is taken away waits for its return.
//
// A gate that suppresses beats any that holds; among those that suppress the
// first in order speaks, among those that hold the one that holds longest.

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/reason.h"
#include "rules/restraint.h"
#include "rules/rule.h"
#include "rules/time.h"
#include "signals/profile.h"

namespace premura {

enum class ConsentPolicy { kAllowedUnlessRefused, kOnlyIfGiven };

// `restraint:` of the configuration.
struct RestraintPolicy {
  std::map<std::string, ConsentPolicy> consent;  // By category.
  FrequencyCaps frequency_cap;
  QuietHoursByChannel quiet_hours;
  std::string timezone_missing = "hold";  // Or an IANA zone.
  // Of customers whose language is not known, and of tickets.
  std::string default_locale = "en";
};

// Messages go outside; a ticket stays in the house and is no contact, unless a
// cap names it. No cap counts both, so they are looked up apart.
enum class ContactScope : std::uint8_t { kOutside, kTickets };
ContactScope ScopeOf(std::string_view channel);
// The condition on `channel` that finds them, as the indexes have it.
std::string_view ConditionOf(ContactScope scope);

// The time of a contact that waits.
inline constexpr Timestamp kStillToCome = Timestamp::max();

// One earlier contact with a customer, or one that is waiting to go out.
struct Contact {
  std::string delivery;
  std::string rule;
  std::string channel;
  Timestamp at{};  // Sent, or (waiting) due.
  bool waiting = false;
  int priority = 0;  // Of its rule.
};

// Everything the gates look at. Filled by whoever asks, from rule, profile,
// ledger and configuration.
struct Candidate {
  std::string customer;
  std::string channel;  // "email"
  std::string rule;
  std::string category;
  int priority = 0;
  bool critical = false;  // Level: may loosen caps and quiet hours.
  bool simulation = false;
  // kRuleDisabled, kRuleGone: what became of the rule since it was decided.
  Reason rule_off = Reason::kNone;
  bool only_if_holds = true;
  std::string only_if_saw;  // If it does not: "tier is standard".
  double holdout = 0;
  std::optional<Duration> cooldown;
  std::optional<Duration> expires_after;
  Duration delay{};  // The action's own.
  FrequencyCaps rule_caps;
  QuietHoursByChannel rule_quiet_hours;
  Timestamp detected_at{};

  const Profile* profile = nullptr;
  std::string address;  // Empty: none known.
  bool address_needed = true;
  bool channel_missing = false;  // It, or the desk, is not configured.
  bool stop_all = false;
  bool cancelled = false;
  bool released = false;  // By a person, who needs no zone to know the hour.
  // The last contact by this rule with this customer, if any; kStillToCome.
  std::optional<Timestamp> last_of_rule;
  // Of this customer, in the order in which they were decided.
  std::vector<Contact> contacts;
};

struct Verdict {
  enum class Kind { kSend, kHold, kSuppress };
  Kind kind = Kind::kSend;
  Reason reason = Reason::kNone;
  std::optional<Timestamp> until;  // Of a hold; none: until something changes.
  std::string detail;              // "2/7d: rule-a waiting, rule-b waiting"
  // Waiting contacts that a higher priority displaces (outranked_by).
  std::vector<std::string> outranked;
  // Suppressed by simulation alone: when it would have gone out at the
  // earliest.
  std::optional<Timestamp> would_go = std::nullopt;
};

std::string_view ToString(Verdict::Kind kind);  // "send", "hold", "suppress"

// What the gates say at `now`.
Verdict Decide(const Candidate& candidate, const RestraintPolicy& policy,
               Timestamp now, bool at_send_time);

}  // namespace premura
