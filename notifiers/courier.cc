// SPDX-License-Identifier: Apache-2.0
// The courier's way back: answers, and what they say of outlets. The way out
// is in courier_send.cc.

#include "notifiers/courier.h"

#include <algorithm>
#include <utility>

#include "notifiers/outcome_rules.h"

namespace premura {
namespace {

constexpr Duration kCheckAgain = std::chrono::seconds(30);

// A clock put back must not make what is done so often wait for longer.
bool Waits(Timestamp until, Timestamp now) {
  return now < until && until - now <= 2 * kCheckAgain;
}

Attempt EndOf(const Delivery& delivery, const Outcome& outcome, Timestamp now) {
  Attempt attempt;
  attempt.delivery = delivery.key;
  attempt.number = delivery.attempts;
  attempt.ended = now;
  attempt.verdict = ToString(outcome.verdict);
  attempt.reason = outcome.reason;
  attempt.detail = outcome.detail;
  return attempt;
}

}  // namespace

Status Courier::RecoverOwn(const RetryPolicy& policy, Timestamp now) {
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  const bool shared = ledger_->database()->shared();
  auto status = Recover(shared ? lease_->instance() : "", policy, now);
  return status.ok() ? ledger_->Commit() : status;
}

Status Courier::Recover(const std::string& owner, const RetryPolicy& policy,
                        Timestamp now) {
  auto sending = outbox_->BeingSent(owner);
  if (!sending.ok()) return sending.error();
  // Asking does no harm, and who was asked answers nobody any more.
  auto asked = outbox_->BeingAsked(owner);
  if (!asked.ok()) return asked.error();
  for (Delivery& delivery : sending.value()) {
    ApplyRestart(policy, now, &delivery);
  }
  for (Delivery& delivery : asked.value()) delivery.due_at = now;
  auto status = EndAbandoned(sending.value(), now);
  return status.ok() ? EndAbandoned(asked.value(), now) : status;
}

// The process that made these calls is gone.
Status Courier::EndAbandoned(const std::vector<Delivery>& deliveries,
                             Timestamp now) {
  Outcome outcome;
  outcome.reason = Reason::kRestarted;
  for (const Delivery& delivery : deliveries) {
    outcome.detail = delivery.detail;
    auto status =
        outbox_->EndAttempt(EndOf(delivery, outcome, now), delivery.owner);
    // Its answer may have come after all.
    if (status.ok()) status = outbox_->SaveAnswer(delivery);
    if (!status.ok()) return status;
  }
  return {};
}

void Courier::Use(std::shared_ptr<const OutreachSettings> settings,
                  Timestamp now) {
  settings_ = std::move(settings);
  left_.Clear();
  // Anew, with the new policy: the answer to a trial that runs now would tell
  // nobody of its end.
  breakers_.clear();
  std::map<std::string, Outlet> outlets;
  const auto add = [&](const std::string& name,
                       const std::shared_ptr<Channel>& channel,
                       RateLimit limit) {
    if (channel == nullptr) return;
    auto& breaker = breakers_[channel->host()];
    if (breaker == nullptr) {
      breaker = std::make_shared<Breaker>(settings_->retry.breaker_failures,
                                          settings_->retry.breaker_pause);
    }
    Outlet outlet(name, channel, breaker, limit);
    const auto old = outlets_.find(name);
    if (old != outlets_.end()) outlet.Inherit(old->second);
    outlet.CountRunning(static_cast<int>(std::count_if(
        calls_.begin(), calls_.end(),
        [&](const auto& one) { return one.second.outlet == name; })));
    outlet.AskForCheck(now);
    outlets.emplace(name, std::move(outlet));
  };
  add("email", settings_->email, settings_->email_limit);
  add("sms", settings_->sms, settings_->sms_limit);
  for (const auto& [name, desk] : settings_->desks) {
    add("ticket:" + name, desk, RateLimit());
  }
  for (const auto& [name, outlet] : outlets_) {
    if (outlets.contains(name)) continue;
    outlets_gone_.insert(name);
    observer_->OnChannelGone(name);
  }
  outlets_ = std::move(outlets);
  lanes_changed_ = true;
}

// A channel answers each call once, within its own deadline. One that does not
// must not hold a delivery for ever.
void Courier::GiveUpOnSilence(Timestamp now) {
  for (const auto& entry : calls_) {
    const std::uint64_t id = entry.first;
    if (now - entry.second.started < kSilence) continue;
    const bool answered =
        std::any_of(taken_.begin(), taken_.end(), [&](const Answer& one) {
          const auto* answer = std::get_if<CallAnswer>(&one);
          return answer != nullptr && answer->call == id;
        });
    if (answered) continue;
    Outcome outcome;
    outcome.reason = Reason::kTimeout;
    outcome.detail = "the channel gave no answer";
    taken_.push_back(CallAnswer{id, std::move(outcome)});
  }
}

Status Courier::TakeAnswers(Timestamp now) {
  if (auto status = PutBack(now); !status.ok()) return status;
  answers_->TakeInto(&taken_);
  GiveUpOnSilence(now);
  if (taken_.empty()) return {};
  std::map<std::uint64_t, Answered> answered;
  for (const Answer& one : taken_) {
    const auto* answer = std::get_if<CallAnswer>(&one);
    if (answer == nullptr) continue;
    const auto call = calls_.find(answer->call);
    if (call == calls_.end()) continue;  // Came after it was given up.
    answered.try_emplace(answer->call,
                         Answered{answer->call, &call->second, answer->outcome,
                                  call->second.delivery});
  }
  std::vector<Answered> list;
  for (auto& [id, one] : answered) list.push_back(std::move(one));
  if (!list.empty()) {
    if (auto status = WriteAnswers(&list, now); !status.ok()) return status;
  }
  for (const Answered& one : list) Conclude(one, now);
  for (const Answer& one : taken_) {
    if (const auto* answer = std::get_if<CheckAnswer>(&one)) {
      ConcludeCheck(*answer, now);
    }
  }
  taken_.clear();
  return {};
}

Status Courier::WriteAnswers(std::vector<Answered>* answered, Timestamp now) {
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  for (Answered& one : *answered) {
    if (one.call->what == What::kDeliver) {
      ApplyDelivered(one.outcome, one.call->channel->on_doubt(),
                     one.call->before.state == DeliveryState::kUnknown,
                     settings_->retry, now, &one.after);
    } else {
      ApplyFound(one.outcome, settings_->retry, now, &one.after);
    }
    if (auto status = WriteAnswer(one, now); !status.ok()) return status;
  }
  return ledger_->Commit();
}

Status Courier::WriteAnswer(const Answered& answered, Timestamp now) {
  const Delivery& delivery = answered.after;
  auto status = outbox_->EndAttempt(EndOf(delivery, answered.outcome, now),
                                    delivery.owner);
  if (status.ok()) status = outbox_->SaveAnswer(delivery);
  if (!status.ok() || !IsFinal(delivery.state)) return status;
  return outbox_->ReleaseMailsOf(delivery, now);
}

// In memory, and for the observer: only once it is durable.
void Courier::Conclude(const Answered& answered, Timestamp now) {
  Told told;
  told.Add(answered.after, now);
  const auto found = outlets_.find(answered.call->outlet);
  if (found != outlets_.end()) {
    Outlet& outlet = found->second;
    outlet.OnCallEnded();
    const bool same = outlet.channel() == answered.call->channel;
    if (same && IsNoNewsOfHost(answered.outcome)) {
      outlet.breaker().OnNoNews();
    } else if (same && IsHostFailure(answered.outcome)) {
      if (outlet.breaker().OnFailure(now)) {
        to_mark_[outlet.name()] = Reason::kBreakerOpen;
        observer_->OnChannel(outlet.name(), false,
                             "left alone for a while after failures: " +
                                 answered.outcome.detail);
      }
    } else if (same && outlet.breaker().OnSuccess() && outlet.usable()) {
      observer_->OnChannel(outlet.name(), true, "");
    }
    if (same && answered.outcome.verdict == Outcome::Verdict::kStop) {
      MarkUnusable(&outlet, {Reason::kMisconfigured, answered.outcome.detail},
                   now);
    }
  }
  calls_.erase(answered.id);
  told.Tell(observer_);
}

void Courier::ConcludeCheck(const CheckAnswer& answer, Timestamp now) {
  const auto found = outlets_.find(answer.outlet);
  // A reload may have put another channel in its place.
  if (found == outlets_.end() || found->second.channel() != answer.channel) {
    return;
  }
  Outlet& outlet = found->second;
  if (!answer.result.ok()) {
    // An outlet that merely is away says nothing of what it refused before.
    if (answer.result.reason == Reason::kMisconfigured) {
      to_excuse_.insert(outlet.name());
    }
    return MarkUnusable(&outlet, answer.result, now);
  }
  if (!outlet.OnUsable()) return;
  outlets_changed_.insert(outlet.name());
  observer_->OnChannel(outlet.name(), true, "");
}

void Courier::MarkUnusable(Outlet* outlet, const CheckResult& why,
                           Timestamp now) {
  const bool news = outlet->OnUnusable(why.problem, now + kCheckAgain);
  to_mark_[outlet->name()] = why.reason;  // What came due since the last, too.
  if (!news) return;
  outlets_changed_.insert(outlet->name());
  observer_->OnChannel(outlet->name(), false, why.problem);
}

void Courier::Check(Timestamp now) {
  for (auto& [name, outlet] : outlets_) {
    if (!outlet.check_due() || Waits(*outlet.check_due(), now)) continue;
    // Asked again if no answer comes.
    outlet.AskForCheck(now + 2 * kCheckAgain);
    // The channel is kept alive until it has answered.
    outlet.channel()->Check([answers = answers_, name = name,
                             channel = outlet.channel()](CheckResult result) {
      answers->Put(CheckAnswer{name, channel, std::move(result)});
    });
  }
}

// What is not urgent but should be read in the ledger: which outlets work, and
// why deliveries wait that are due.
Status Courier::Tidy(Timestamp now) {
  const bool unserved = unserved_again_ && !Waits(*unserved_again_, now);
  if (!lanes_changed_ && !unserved && to_mark_.empty() &&
      outlets_changed_.empty()) {
    return {};
  }
  if (auto status = ledger_->Begin(); !status.ok()) return status;
  if (lanes_changed_) {
    if (auto status = TidyLanes(now); !status.ok()) return status;
  } else if (unserved) {
    if (auto status = MarkUnserved(now); !status.ok()) return status;
  }
  for (const auto& [lane, reason] : to_mark_) {
    auto status = outbox_->MarkDue(lane, now, reason);
    if (!status.ok()) return status;
  }
  for (const std::string& lane : to_excuse_) {
    auto status = outbox_->Excuse(lane, lease_->instance(), now);
    if (!status.ok()) return status;
  }
  if (auto status = WriteOutlets(now); !status.ok()) return status;
  if (auto status = ledger_->Commit(); !status.ok()) return status;
  lanes_changed_ = false;
  to_mark_.clear();
  to_excuse_.clear();
  outlets_changed_.clear();
  outlets_gone_.clear();
  return {};
}

Status Courier::TidyLanes(Timestamp now) {
  if (!settings_->desks.empty()) {
    auto status =
        outbox_->MoveLane("ticket", "ticket:" + settings_->desks.front().first);
    if (!status.ok()) return status;
  }
  if (auto status = MarkUnserved(now); !status.ok()) return status;
  for (const Reason reason : {Reason::kTimezoneMissing, Reason::kQuietHours,
                              Reason::kTemplateError}) {
    if (auto status = outbox_->ReleaseStuck(reason, now); !status.ok()) {
      return status;
    }
  }
  return RemoveOutlets();
}

Status Courier::MarkUnserved(Timestamp now) {
  auto lanes = outbox_->Lanes();
  if (!lanes.ok()) return lanes.error();
  unserved_again_.reset();
  for (const std::string& lane : lanes.value()) {
    if (outlets_.contains(lane)) continue;
    unserved_again_ = now + kCheckAgain;  // For what comes due until then.
    auto status = outbox_->MarkDue(lane, now, Reason::kChannelMissing);
    if (!status.ok()) return status;
  }
  return {};
}

// Where the ledger is shared, another instance may have what this one never
// had.
Status Courier::RemoveOutlets() {
  std::set<std::string> gone = outlets_gone_;
  if (!ledger_->database()->shared()) {
    const auto known = ledger_->Outlets();
    if (!known.ok()) return known.error();
    for (const OutletRecord& one : known.value()) gone.insert(one.name);
  }
  for (const std::string& name : gone) {
    if (outlets_.contains(name)) continue;
    auto status = ledger_->RemoveOutlet(name);
    if (!status.ok()) return status;
  }
  return {};
}

Status Courier::WriteOutlets(Timestamp now) {
  for (const std::string& name : outlets_changed_) {
    const auto found = outlets_.find(name);
    if (found == outlets_.end()) continue;
    auto status = ledger_->PutOutlet(
        {name, found->second.usable(), found->second.problem(), now});
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace premura
