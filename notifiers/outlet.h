// SPDX-License-Identifier: Apache-2.0
// Outlet: one way out ("email", "sms", "ticket:rt") with all that says whether
// a call may be begun: its channel, whether that works at all, the breaker of
// its host, its rate limit, and how many calls run.
//
// Thread: the outreach's. Time is an argument.

#pragma once

#include <memory>
#include <optional>
#include <string>

#include "notifiers/breaker.h"
#include "notifiers/channel.h"
#include "notifiers/rate_limiter.h"

namespace premura {

class Outlet {
 public:
  Outlet(std::string name, std::shared_ptr<Channel> channel,
         std::shared_ptr<Breaker> breaker, RateLimit limit)
      : name_(std::move(name)),
        channel_(std::move(channel)),
        breaker_(std::move(breaker)),
        limiter_(limit) {}

  const std::string& name() const { return name_; }
  const std::shared_ptr<Channel>& channel() const { return channel_; }
  Breaker& breaker() { return *breaker_; }
  RateLimiter& limiter() { return limiter_; }
  bool usable() const { return usable_; }
  const std::string& problem() const { return problem_; }

  // A reload: goes on with what was learnt of the same channel,
  void Inherit(const Outlet& old);
  // and with the calls of its name that run, by whichever channel.
  void CountRunning(int calls) { running_ = calls; }

  // How many calls may be begun now.
  int Slots(Timestamp now, int max_concurrent);
  // When Slots() may change by time alone; none: only by an answer.
  std::optional<Timestamp> NextSlot(Timestamp now, int max_concurrent);
  void OnCallStarted();
  void OnCallEnded() { --running_; }

  // When Check() is to be called; none: not needed.
  std::optional<Timestamp> check_due() const { return check_due_; }
  void AskForCheck(Timestamp at) { check_due_ = at; }
  // True if that is news.
  bool OnUsable();
  bool OnUnusable(const std::string& problem, Timestamp next_check);

 private:
  std::string name_;
  std::shared_ptr<Channel> channel_;
  std::shared_ptr<Breaker> breaker_;
  RateLimiter limiter_;
  int running_ = 0;
  bool checked_ = false;
  bool usable_ = false;
  std::string problem_ = "not checked yet";
  std::optional<Timestamp> check_due_;
};

}  // namespace premura
