// SPDX-License-Identifier: Apache-2.0
// The gates one by one, for gates.cc, which asks them in order, and for their
// tests. A gate answers nothing if it does not stand in the way.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/gates.h"

namespace premura {

struct GateQuestion {
  const Candidate& candidate;
  const RestraintPolicy& policy;
  Timestamp now{};
  // When it could go out at the earliest, by what the gates before have said.
  Timestamp earliest{};
  bool at_send_time = false;
};

using GateAnswer = std::optional<Verdict>;

GateAnswer RuleGate(const GateQuestion& question);
GateAnswer StopAllGate(const GateQuestion& question);
GateAnswer ChannelGate(const GateQuestion& question);
GateAnswer OnlyIfGate(const GateQuestion& question);
GateAnswer ConsentGate(const GateQuestion& question);
GateAnswer AddressGate(const GateQuestion& question);
GateAnswer HoldoutGate(const GateQuestion& question);
GateAnswer CooldownGate(const GateQuestion& question);
// kSend with `outranked`: passes, displacing those.
GateAnswer FrequencyCapGate(const GateQuestion& question);
GateAnswer DelayGate(const GateQuestion& question);
GateAnswer QuietHoursGate(const GateQuestion& question);
GateAnswer ExpiryGate(const GateQuestion& question);
GateAnswer CancelGate(const GateQuestion& question);

// "2026-11-20 09:52 Europe/Rome": by the customer's clock, as quiet hours go;
// where the zone is not known, in UTC. It is kept: so the zone is written to
// it.
std::string OnTheWall(const GateQuestion& question, Timestamp at);

Verdict Suppress(Reason reason, std::string detail = "");
Verdict Hold(Reason reason, std::optional<Timestamp> until,
             std::string detail = "");

// What binds `channel`: the configuration's limit and the rule's own, which
// tightens it; at level critical the rule's own takes its place.
template <typename Limit>
std::vector<Limit> Binding(const std::map<std::string, Limit>& configured,
                           const std::map<std::string, Limit>& of_rule,
                           bool critical, const std::string& channel) {
  std::vector<Limit> limits;
  const auto general = configured.find(channel);
  const auto own = of_rule.find(channel);
  if (own != of_rule.end()) limits.push_back(own->second);
  const bool replaced = critical && own != of_rule.end();
  if (general != configured.end() && !replaced) {
    limits.push_back(general->second);
  }
  return limits;
}

}  // namespace premura
