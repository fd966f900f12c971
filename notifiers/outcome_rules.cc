// SPDX-License-Identifier: Apache-2.0
#include "notifiers/outcome_rules.h"

#include <algorithm>

#include "notifiers/backoff.h"

namespace premura {
namespace {

constexpr Duration kShortestQuarantine = std::chrono::seconds(30);
// Longer than a channel is left alone after it: what has waited meanwhile goes
// first.
constexpr Duration kShortestAfterStop = std::chrono::minutes(1);

void Become(DeliveryState state, const Outcome& outcome, Timestamp now,
            Delivery* delivery) {
  delivery->state = state;
  delivery->reason = outcome.reason;
  delivery->detail = outcome.detail;
  delivery->changed_at = now;
  delivery->due_at.reset();
  // A release is good for one way out of doubt.
  if (state == DeliveryState::kUnknown) delivery->released_by.clear();
}

void BecomeSent(const Outcome& outcome, Timestamp now, Delivery* delivery) {
  Become(DeliveryState::kSent, outcome, now, delivery);
  delivery->provider_id = outcome.provider_id;
  delivery->ticket = outcome.ticket;
}

// Counts one more failure and sets when to try again; false: given up.
bool ScheduleRepeat(const Outcome& outcome, Duration first,
                    const RetryPolicy& policy, Timestamp now,
                    Delivery* delivery) {
  ++delivery->retries;
  if (!delivery->retrying_since) delivery->retrying_since = now;
  const Timestamp next = now + Backoff(first, policy.most, delivery->retries,
                                       delivery->key, outcome.retry_after);
  if (next > *delivery->retrying_since + policy.give_up_after) return false;
  delivery->due_at = next;
  return true;
}

void GiveUp(DeliveryState state, const Outcome& outcome, Delivery* delivery) {
  delivery->state = state;
  delivery->reason = Reason::kAttemptsExhausted;
  delivery->due_at.reset();
  delivery->detail = "last: ";
  delivery->detail += ToString(outcome.reason);
  if (!outcome.detail.empty()) delivery->detail += ": " + outcome.detail;
}

// The channel does not work, or not for this one: counted as its own failure
// until a check says that it is the channel's (Outbox::Excuse()). In the end it
// has not failed but waits for a person: who knows what was refused, and why?
void BecomeRefused(DeliveryState state, const Outcome& outcome,
                   const RetryPolicy& policy, Timestamp now,
                   Delivery* delivery) {
  Become(state, outcome, now, delivery);
  ScheduleRepeat(outcome, std::max(policy.first, kShortestAfterStop), policy,
                 now, delivery);
}

// Asked sooner, the other side might still be at it and say no too early.
Duration Quarantine(const RetryPolicy& policy) {
  return std::max(policy.quarantine, kShortestQuarantine);
}

void BecomeUnknown(const Outcome& outcome, Duration first,
                   const RetryPolicy& policy, Timestamp now,
                   Delivery* delivery) {
  Become(DeliveryState::kUnknown, outcome, now, delivery);
  if (!ScheduleRepeat(outcome, first, policy, now, delivery)) {
    GiveUp(DeliveryState::kUnknown, outcome, delivery);
  }
}

// No answer but a delivery ends the doubt: what surely was not taken this time
// may have been before.
void ApplyRepeated(const Outcome& outcome, const RetryPolicy& policy,
                   Timestamp now, Delivery* delivery) {
  std::string released_by = delivery->released_by;
  switch (outcome.verdict) {
    case Outcome::Verdict::kStop:
      BecomeRefused(DeliveryState::kUnknown, outcome, policy, now, delivery);
      break;
    case Outcome::Verdict::kRetry:
      BecomeUnknown(outcome, policy.first, policy, now, delivery);
      break;
    default:
      // It is a contact of when it may have arrived.
      Become(DeliveryState::kUnknown, outcome,
             delivery->first_attempt.value_or(now), delivery);
  }
  // The repeat that a person asked for has still to be made.
  if (delivery->due_at) delivery->released_by = std::move(released_by);
}

}  // namespace

void ApplyDelivered(const Outcome& outcome, OnDoubt on_doubt, bool doubted,
                    const RetryPolicy& policy, Timestamp now,
                    Delivery* delivery) {
  if (doubted && outcome.verdict != Outcome::Verdict::kDelivered &&
      outcome.verdict != Outcome::Verdict::kUnknown) {
    return ApplyRepeated(outcome, policy, now, delivery);
  }
  switch (outcome.verdict) {
    case Outcome::Verdict::kDelivered:
      BecomeSent(outcome, now, delivery);
      return;
    case Outcome::Verdict::kRejected:
      Become(DeliveryState::kFailed, outcome, now, delivery);
      return;
    case Outcome::Verdict::kStop:
      BecomeRefused(DeliveryState::kHeld, outcome, policy, now, delivery);
      return;
    case Outcome::Verdict::kRetry:
      Become(DeliveryState::kRetry, outcome, now, delivery);
      if (!ScheduleRepeat(outcome, policy.first, policy, now, delivery)) {
        GiveUp(DeliveryState::kFailed, outcome, delivery);
      }
      return;
    case Outcome::Verdict::kUnknown:
      if (on_doubt == OnDoubt::kHold) {
        Become(DeliveryState::kUnknown, outcome, now, delivery);
        return;
      }
      BecomeUnknown(
          outcome,
          on_doubt == OnDoubt::kAsk ? Quarantine(policy) : policy.first, policy,
          now, delivery);
      return;
  }
}

void ApplyFound(const Outcome& outcome, const RetryPolicy& policy,
                Timestamp now, Delivery* delivery) {
  switch (outcome.verdict) {
    case Outcome::Verdict::kDelivered:
      BecomeSent(outcome, now, delivery);
      return;
    case Outcome::Verdict::kRetry:
      // Surely not there: as good as new.
      Become(DeliveryState::kRetry, outcome, now, delivery);
      delivery->due_at = now;
      return;
    case Outcome::Verdict::kStop:
      BecomeRefused(DeliveryState::kUnknown, outcome, policy, now, delivery);
      return;
    case Outcome::Verdict::kRejected:  // A look-up has no such answer.
    case Outcome::Verdict::kUnknown:
      BecomeUnknown(outcome, policy.quarantine, policy, now, delivery);
      return;
  }
}

// When to ask or repeat is set as for a channel that can be asked; one that
// cannot is left alone when its turn comes.
void ApplyRestart(const RetryPolicy& policy, Timestamp now,
                  Delivery* delivery) {
  Outcome outcome;
  outcome.reason = Reason::kRestarted;
  outcome.detail = "was being sent when the process ended";
  Become(DeliveryState::kUnknown, outcome, now, delivery);
  delivery->due_at = now + Quarantine(policy);
}

bool IsHostFailure(const Outcome& outcome) {
  return outcome.reason == Reason::kUnreachable ||
         outcome.reason == Reason::kTimeout ||
         outcome.reason == Reason::kServerError ||
         // The connection broke after sending.
         outcome.reason == Reason::kUnknownOutcome;
}

// An address may be refused here, before any call.
bool IsNoNewsOfHost(const Outcome& outcome) {
  return outcome.verdict == Outcome::Verdict::kRejected &&
         outcome.reason == Reason::kBadAddress;
}

}  // namespace premura
