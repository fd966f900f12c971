// SPDX-License-Identifier: Apache-2.0
// Profiles: who they belong to is told, so that rules about their dates have
// timers. Costs nothing where no rule looks at profiles.

#include <algorithm>

#include "signals/engine_impl.h"

namespace premura {

void EngineImpl::Take(const ProfileChange& change) {
  const Timestamp now = std::max(clock_, change.time);
  const bool looks = HasBegun() && !index_->of_profiles().empty();
  if (looks) FireOfProfile(change.customer, now);
  stats_.profile_values_refused += profiles_->Merge(change);
  if (!looks) return;
  Look(change.customer, now);
  MoveClock(clock_);
}

void EngineImpl::OnProfiles(std::span<const std::string> customers) {
  if (!HasBegun() || index_->of_profiles().empty()) return;
  for (const std::string& customer : customers) Look(customer, clock_);
  MoveClock(clock_);
}

// Once the clock has begun.
void EngineImpl::LookAtFirst() {
  if (looked_ || !HasBegun()) return;
  looked_ = true;
  LookAtAll();
}

// Before the clock has begun nothing is known to be past, and dates of ten
// years ago would be ahead.
void EngineImpl::LookAtAll() {
  if (!HasBegun() || index_->of_profiles().empty()) return;
  for (const std::string& customer : profiles_->Customers(owns_)) {
    Look(customer, clock_);
  }
}

void EngineImpl::Look(std::string_view name, Timestamp now) {
  Customer* customer = Find(name);
  const std::shared_ptr<const Profile> profile = profiles_->Get(name);
  for (const Watcher* watcher : index_->of_profiles()) {
    const std::uint64_t key = TrackKey(watcher->rule->state_slot, {});
    Track* track = customer == nullptr ? nullptr : customer->Find(key, {});
    State* state = track == nullptr ? nullptr : track->state();
    watcher->detector->Look(*profile, now, state);
    if (state == nullptr) continue;
    if (customer == nullptr) customer = &customers_.Add(name);
    if (track == nullptr) track = &customer->Add(key, nullptr);
    ++moves_;
    track->memo() = Memo(state);
    Remind(customer, state, key);
    Touch(customer, clock_);
  }
}

// What was due before a change was said is not moved by it, even if the clock
// is not there yet.
void EngineImpl::FireOfProfile(std::string_view name, Timestamp time) {
  Customer* const customer = Find(name);
  if (customer == nullptr || time < customer->alarm) return;
  for (;;) {
    Track* first = nullptr;
    for (const Watcher* watcher : index_->of_profiles()) {
      Track* track =
          customer->Find(TrackKey(watcher->rule->state_slot, {}), {});
      if (track == nullptr || track->state() == nullptr) continue;
      const Timestamp due = track->state()->due;
      if (due <= time && (first == nullptr || due < first->state()->due)) {
        first = track;
      }
    }
    if (first == nullptr) return;
    Fire(customer, first);
  }
}

}  // namespace premura
