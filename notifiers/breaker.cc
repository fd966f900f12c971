// SPDX-License-Identifier: Apache-2.0
#include "notifiers/breaker.h"

namespace premura {

int Breaker::Allowed(Timestamp now, int most) const {
  if (!until_) return most;
  // A clock put back must not make it wait for longer.
  const bool waits = now < *until_ && *until_ - now <= pause_;
  return trial_ || waits ? 0 : 1;
}

std::optional<Timestamp> Breaker::next_trial() const {
  return trial_ ? std::nullopt : until_;
}

void Breaker::OnStart() {
  if (until_) trial_ = true;
}

bool Breaker::OnSuccess() {
  const bool was_open = open();
  failures_ = 0;
  trial_ = false;
  until_.reset();
  return was_open;
}

// Calls that were under way when it opened fail too; they do not prolong it.
bool Breaker::OnFailure(Timestamp now) {
  ++failures_;
  if (open() && !trial_) return false;
  if (!open() && failures_ < most_) return false;
  const bool was_open = open();
  trial_ = false;
  until_ = now + pause_;
  return !was_open;
}

}  // namespace premura
