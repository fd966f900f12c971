// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outlet.h"

#include <algorithm>

namespace premura {

void Outlet::Inherit(const Outlet& old) {
  if (limiter_.limit() == old.limiter_.limit()) limiter_ = old.limiter_;
  if (channel_ != old.channel_) return;
  checked_ = old.checked_;
  usable_ = old.usable_;
  problem_ = old.problem_;
}

int Outlet::Slots(Timestamp now, int max_concurrent) {
  if (!usable_) return 0;
  const int free = std::max(0, max_concurrent - running_);
  return limiter_.Allowed(now, breaker_->Allowed(now, free));
}

std::optional<Timestamp> Outlet::NextSlot(Timestamp now, int max_concurrent) {
  if (!usable_ || running_ >= max_concurrent) return std::nullopt;
  if (breaker_->Allowed(now, 1) == 0) return breaker_->next_trial();
  return limiter_.Next(now).value_or(now);
}

void Outlet::OnCallStarted() {
  ++running_;
  breaker_->OnStart();
  limiter_.Take();
}

bool Outlet::OnUsable() {
  const bool news = !usable_;
  checked_ = usable_ = true;
  problem_.clear();
  check_due_.reset();
  return news;
}

bool Outlet::OnUnusable(const std::string& problem, Timestamp next_check) {
  const bool news = !checked_ || usable_ || problem != problem_;
  checked_ = true;
  usable_ = false;
  problem_ = problem;
  check_due_ = next_check;
  return news;
}

}  // namespace premura
