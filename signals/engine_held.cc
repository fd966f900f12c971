// SPDX-License-Identifier: Apache-2.0
// Timers that are held back while a silence is not to be believed.

#include "signals/engine_impl.h"

namespace premura {

void EngineImpl::Use(const SelfPreservation& bounds) {
  silences_.Use(bounds);
  MoveClock(clock_);
}

void EngineImpl::Set(Stall stall) {
  silences_.Set(stall);
  MoveClock(clock_);
}

bool EngineImpl::MustWait(const Customer& customer, const Track& track) {
  if (!silences_.enabled()) return false;
  const Rule& rule = *index_->OfSlot(track.slot())->rule;
  return FiresOnNothing(rule) && IsFor(rule, customer.name) &&
         silences_.Doubts(customer, track.state()->due, held_.customers());
}

// It stays among the customer's timers.
void EngineImpl::Hold(Customer* customer, Track* track) {
  track->state()->queued = kHeld;
  ++customer->timers;
  held_.Add({track->state()->due, customer, track->key()});
  changes_.Mark(customer);
}

// If it is held, for `due`: it fires, or has been moved or cancelled.
void EngineImpl::Unhold(Customer* customer, Track* track, Timestamp due) {
  if (track->state()->queued != kHeld) return;
  track->state()->queued = kNever;
  --customer->timers;
  held_.Remove({due, customer, track->key()});
}

// They go off as if they had never waited.
void EngineImpl::Release() {
  silences_.Believe(held_.newest());
  for (const HeldTimers::Entry& entry : held_.TakeAll()) {
    State* const state =
        entry.customer->FindHeld(entry.key, entry.due)->state();
    state->queued = entry.due;
    timers_.Push({entry.due, entry.customer, entry.key});
    changes_.Mark(entry.customer);
  }
}

}  // namespace premura
