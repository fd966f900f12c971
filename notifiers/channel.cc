// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel.h"

namespace premura {

void Channel::Find(const Message& /*message*/, Done done) {
  Outcome outcome;
  outcome.detail = "this channel cannot be asked";
  done(std::move(outcome));
}

}  // namespace premura
