// SPDX-License-Identifier: Apache-2.0
// The address gate. The address itself never stands in a verdict: verdicts are
// logged.

#include "notifiers/gate.h"
#include "notifiers/mail_address.h"
#include "notifiers/phone.h"

namespace premura {

GateAnswer AddressGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  if (!candidate.address_needed) return std::nullopt;
  if (candidate.address.empty()) return Suppress(Reason::kNoAddress);
  if (candidate.channel == "email" && !IsMailAddress(candidate.address)) {
    return Suppress(Reason::kBadAddress, "not one email address");
  }
  if (candidate.channel == "sms" && !ParsePhone(candidate.address)) {
    return Suppress(Reason::kBadAddress,
                    "not a number in international form (+39...)");
  }
  return std::nullopt;
}

}  // namespace premura
