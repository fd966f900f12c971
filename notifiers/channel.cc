// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel.h"

namespace premura {

std::string_view ToString(Outcome::Verdict verdict) {
  switch (verdict) {
    case Outcome::Verdict::kDelivered:
      return "delivered";
    case Outcome::Verdict::kRetry:
      return "retry";
    case Outcome::Verdict::kRejected:
      return "rejected";
    case Outcome::Verdict::kStop:
      return "stop";
    case Outcome::Verdict::kUnknown:
      break;
  }
  return "unknown";
}

void Channel::Find(const Message& /*message*/, Done done) {
  Outcome outcome;
  outcome.detail = "this channel cannot be asked";
  done(std::move(outcome));
}

}  // namespace premura
