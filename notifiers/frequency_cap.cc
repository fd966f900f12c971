// SPDX-License-Identifier: Apache-2.0
// The frequency-cap gate: at most so many contacts with one customer in a
// rolling window, over all rules; per channel, and over all channels ("any").
//
// Counted are contacts that were made or may have been, and those that wait to
// go out: a place is taken when a contact is decided, so that ten decided in
// one night do not all leave in the morning. Priority wins: where only waiting
// contacts of lower priority are in the way, they give up their places.
// A ticket stays in the house and is no contact, unless a cap names "ticket".

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/gate.h"
#include "rules/readable_duration.h"

namespace premura {
namespace {

using Contacts = std::vector<const Contact*>;

bool IsOutside(const std::string& channel) {
  return ScopeOf(channel) == ContactScope::kOutside;
}

bool Concerns(const std::string& cap_channel, const Contact& contact) {
  return cap_channel == "any" ? IsOutside(contact.channel)
                              : contact.channel == cap_channel;
}

// The contacts that have a place under this cap.
Contacts Counted(const GateQuestion& question, const std::string& cap_channel,
                 const FrequencyCap& cap) {
  Contacts counted;
  for (const Contact& contact : question.candidate.contacts) {
    if (!Concerns(cap_channel, contact)) continue;
    // At the moment of sending whoever is first takes the place; only those
    // that outrank it are left theirs.
    const bool takes_place =
        contact.waiting ? !question.at_send_time ||
                              contact.priority > question.candidate.priority
                        : contact.at > question.now - cap.window;
    if (takes_place) counted.push_back(&contact);
  }
  return counted;
}

// The window rolls: to the minute one sees when a place is free again.
std::string InWords(const GateQuestion& question, const FrequencyCap& cap,
                    const Contacts& counted) {
  std::string words =
      fmt::format("{}/{}:", cap.count, ReadableDuration(cap.window));
  const char* comma = " ";
  for (const Contact* contact : counted) {
    words += comma;
    words += contact->waiting ? contact->rule + " waiting"
                              : OnTheWall(question, contact->at);
    comma = ", ";
  }
  return words;
}

const Contact* Outranking(const Contacts& counted, int priority) {
  const auto found = std::find_if(
      counted.begin(), counted.end(), [priority](const Contact* contact) {
        return contact->waiting && contact->priority > priority;
      });
  return found == counted.end() ? nullptr : *found;
}

// One cap. Adds to `outranked` whom it displaces; answers a refusal. (By
// themselves: contacts that are simulated have no delivery.)
GateAnswer AskOne(const GateQuestion& question, const std::string& cap_channel,
                  const FrequencyCap& cap, Contacts* outranked) {
  const int priority = question.candidate.priority;
  const auto places = static_cast<std::size_t>(std::max(cap.count, 0));
  Contacts counted = Counted(question, cap_channel, cap);
  std::erase_if(counted, [outranked](const Contact* contact) {
    return std::find(outranked->begin(), outranked->end(), contact) !=
           outranked->end();
  });
  if (counted.size() < places) return std::nullopt;
  Contacts weaker;
  for (const Contact* contact : counted) {
    if (contact->waiting && contact->priority < priority) {
      weaker.push_back(contact);
    }
  }
  const std::size_t excess = counted.size() + 1 - places;
  if (weaker.size() < excess) {
    if (const Contact* stronger = Outranking(counted, priority)) {
      return Suppress(Reason::kOutrankedBy, stronger->rule);
    }
    return Suppress(Reason::kFrequencyCap, InWords(question, cap, counted));
  }
  // The least of them; among equals the one that came last.
  std::reverse(weaker.begin(), weaker.end());
  std::stable_sort(weaker.begin(), weaker.end(),
                   [](const Contact* a, const Contact* b) {
                     return a->priority < b->priority;
                   });
  for (std::size_t i = 0; i < excess; ++i) {
    outranked->push_back(weaker[i]);
  }
  return std::nullopt;
}

}  // namespace

GateAnswer FrequencyCapGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  Contacts outranked;
  std::vector<std::string> channels = {candidate.channel};
  if (IsOutside(candidate.channel)) channels.push_back("any");
  for (const std::string& channel : channels) {
    for (const FrequencyCap& cap :
         Binding(question.policy.frequency_cap, candidate.rule_caps,
                 candidate.critical, channel)) {
      auto refused = AskOne(question, channel, cap, &outranked);
      if (refused) return refused;
    }
  }
  if (outranked.empty()) return std::nullopt;
  Verdict verdict;
  for (const Contact* contact : outranked) {
    verdict.outranked.push_back(contact->delivery);
  }
  return verdict;
}

}  // namespace premura
