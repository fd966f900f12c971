// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cassert>
#include <map>
#include <string_view>
#include <utility>

#include "signals/customer_record.h"
#include "signals/detection_event.h"
#include "signals/engine_impl.h"

namespace premura {

// --- Time -------------------------------------------------------------------

void EngineImpl::Advance(Timestamp clock) { MoveClock(clock); }

void EngineImpl::MoveClock(Timestamp clock) {
  LookAtFirst();  // By the clock that was taken up, if one was.
  clock_ = std::max(clock_, clock);
  LookAtFirst();
  for (;;) {
    TrimCrowds();
    const Timestamp timer = timers_.empty() ? kNever : timers_.top().due;
    const Timestamp sweep = sweeper_.next();
    const Timestamp release =
        held_.empty() ? kNever : silences_.BelievesAt(held_.customers());
    if (std::min({timer, sweep, release}) > clock) return;
    if (release < std::min(timer, sweep)) {
      Release();
    } else if (timer <= sweep) {
      FireNext();
    } else {
      SweepNext();
    }
  }
}

// Of the rules that see the event, and before it.
void EngineImpl::FireUpTo(Timestamp time, Customer* customer, Hits hits) {
  if (time < customer->alarm) return;
  for (;;) {
    Track* first = nullptr;
    for (std::size_t i = hits.begin; i < hits.end; ++i) {
      Track* track = hits_[i].track;
      if (!hits_[i].seen || track == nullptr || track->state() == nullptr) {
        continue;
      }
      const Timestamp due = track->state()->due;
      if (due <= time && (first == nullptr || due < first->state()->due)) {
        first = track;
      }
    }
    if (first == nullptr) break;
    Fire(customer, first);
    Locate(customer, hits);
  }
  constexpr std::size_t kFew = 64;  // With more it costs more than it saves.
  if (customer->tracks.size() > kFew) return;
  customer->alarm = kNever;
  for (const Track& track : customer->tracks) {
    const State* const state = track.state();
    if (state == nullptr) continue;
    customer->alarm = std::min(customer->alarm, state->due);
  }
}

// What was due before an event that takes it back, and the clock has not come
// to yet: else it would be found after it, and go out.
void EngineImpl::FireConcerned(const Cancellation& cancellation) {
  Customer* const customer = customers_.Find(
      cancellation.customer, CustomerTable::HashOf(cancellation.customer));
  if (customer == nullptr || cancellation.at < customer->alarm) return;
  const auto is_due = [&](const Track& track) {
    return track.state() != nullptr && track.state()->due <= cancellation.at &&
           index_->OfSlot(track.slot())->rule->id == cancellation.rule &&
           (cancellation.group.empty() ||
            Concerns(cancellation, GroupOf(track.group())));
  };
  // In order of time, then as the tracks stand. None goes meanwhile.
  using Name = std::pair<std::uint64_t, std::string_view>;
  std::map<std::pair<Timestamp, std::size_t>, Name> due;
  for (std::size_t i = 0; i < customer->tracks.size(); ++i) {
    const Track& track = customer->tracks[i];
    if (!is_due(track)) continue;
    due[{track.state()->due, i}] = {track.key(), track.group_key()};
  }
  while (!due.empty()) {
    const auto first = due.extract(due.begin());
    const auto& [key, group] = first.mapped();
    Fire(customer, customer->Find(key, group));
    const Track& track = *customer->Find(key, group);
    if (!is_due(track)) continue;
    due[{track.state()->due, first.key().second}] = first.mapped();
  }
}

void EngineImpl::FireNext() {
  const TimerQueue::Entry entry = timers_.top();
  timers_.Pop();
  Customer* customer = entry.customer;
  --customer->timers;
  Track* track = customer->FindReminded(entry.key, entry.due);
  if (track == nullptr) {
    if (!customer->tracks.empty() && customer->sweep == kNever &&
        customer->timers == 0) {
      sweeper_.Schedule(customer, entry.due);  // It may be idle now.
    }
    RemoveIfEmpty(customer);
    return;
  }
  State* const state = track->state();
  state->queued = kNever;
  if (state->due > entry.due) {
    Remind(customer, state, track->key());
  } else if (MustWait(*customer, *track)) {
    Hold(customer, track);
  } else {
    Fire(customer, track);
  }
}

void EngineImpl::Fire(Customer* customer, Track* track) {
  const Timestamp due = track->state()->due;
  Unhold(customer, track, due);
  const Watcher& watcher = *index_->OfSlot(track->slot());
  track->newest = std::max(track->newest, due);
  std::vector<Found> found;
  std::optional<Finding> finding = watcher.detector->Fire(track->state());
  const bool silent =
      watcher.detector->LooksAtProfiles() && gone_.contains(customer->origin);
  if (finding && !silent) {
    found.push_back(
        {&watcher, track->key(), track->group(), *std::move(finding)});
  }
  Remind(customer, track->state(), track->key());
  Touch(customer, due);
  if (!found.empty()) Report(customer, due, std::move(found));
}

void EngineImpl::Remind(Customer* customer, State* state, std::uint64_t key) {
  customer->alarm = std::min(customer->alarm, state->due);
  if (state->due >= state->queued) return;
  state->queued = state->due;
  ++customer->timers;
  timers_.Push({state->due, customer, key});
}

// --- Forgetting -------------------------------------------------------------

void EngineImpl::Touch(Customer* customer, Timestamp clock) {
  changes_.Mark(customer);
  customer->idle = false;
  if (customer->sweep == kNever) {
    sweeper_.Schedule(customer, Later(clock, index_->shortest_keep()));
  }
}

void EngineImpl::SweepNext() {
  const Timestamp now = sweeper_.next();
  for (Customer* customer : sweeper_.TakeNext()) {
    changes_.Mark(customer);
    const Timestamp again = Sweep(customer, now);
    if (again != kNever) sweeper_.Schedule(customer, again);
    customer->idle = customer->sweep == kNever && customer->timers == 0 &&
                     !customer->tracks.empty();
    if (!customer->idle) {
      RemoveIfEmpty(customer);
    } else if (!changes_.begun()) {  // Else once it is written down.
      RecordWriter writer(symbols());
      WriteCustomer(*customer, *index_, &writer);
      PutAway(customer, writer.Finish());
    }
  }
}

// Answers when there may be more to forget.
Timestamp EngineImpl::Sweep(Customer* customer, Timestamp now) {
  Timestamp again = kNever;
  ++moves_;
  std::erase_if(customer->tracks, [&](Track& track) {
    const Watcher& watcher = *index_->OfSlot(track.slot());
    const Timestamp end =
        Later(std::max(track.newest, customer->late), watcher.keep);
    if (end > now) {
      again = std::min(again, end);
      return false;
    }
    State* const state = track.state();
    if (state != nullptr &&
        (state->due != kNever || !watcher.detector->Forget(state))) {
      return false;
    }
    Drop(customer, &track);
    return true;
  });
  if (again == kNever) return kNever;
  // From the clock, not from `now`: it may have jumped over years of looks.
  return std::min(again, Later(clock_, std::chrono::hours(24)));
}

void EngineImpl::Drop(Customer* customer, Track* track) {
  changes_.Mark(customer);
  const State* const state = track->state();
  if (state != nullptr) Unhold(customer, track, state->due);
  index_->OfSlot(track->slot())->detector->Clear(&track->memo());
  customer->DropEpisodes(*track);
}

// Those of which nothing has been heard for longest go. First those that would
// have been forgotten anyhow: what is left does not depend on when they are.
void EngineImpl::TrimCrowds() {
  for (const Crowd& crowd : std::exchange(crowds_, {})) {
    Customer* const customer = Find(crowd.customer);
    if (customer == nullptr) continue;
    Sweep(customer, clock_);
    const std::size_t groups = customer->Groups(crowd.slot);
    if (groups <= kGroupsKept) continue;
    std::vector<Timestamp> newest;
    newest.reserve(groups);
    for (const Track& track : customer->tracks) {
      if (track.slot() == crowd.slot) newest.push_back(track.newest);
    }
    const auto last = newest.begin() + kGroupsCut - 1;
    std::nth_element(newest.begin(), last, newest.end());
    std::size_t left = kGroupsCut;
    std::erase_if(customer->tracks, [&](Track& track) {
      if (left == 0 || track.slot() != crowd.slot || track.newest > *last) {
        return false;
      }
      --left;
      Drop(customer, &track);
      return true;
    });
    stats_.groups_cut += kGroupsCut;
  }
}

void EngineImpl::RemoveIfEmpty(Customer* customer) {
  if (customer->tracks.empty() && customer->timers == 0 &&
      customer->sweep == kNever) {
    changes_.Remove(customer);
    customers_.Remove(customer);
    ++moves_;
  }
}

EngineImpl::~EngineImpl() {
  customers_.ForEach([this](Customer& customer) {
    for (Track& track : customer.tracks) Drop(&customer, &track);
  });
}

// --- Rules ------------------------------------------------------------------

void EngineImpl::Use(std::shared_ptr<const RuleSet> rules) {
  assert(hits_.size() == 0);
  auto next = std::make_unique<WatchIndex>(std::move(rules));
  const bool some_go =
      std::any_of(index_->watchers().begin(), index_->watchers().end(),
                  [&next](const Watcher& watcher) {
                    return next->OfStamp(watcher.stamp) == nullptr;
                  });
  const auto& of_profiles = next->of_profiles();
  const bool more_to_see = std::any_of(
      of_profiles.begin(), of_profiles.end(), [this](const Watcher* watcher) {
        return index_->OfSlot(watcher->rule->state_slot) == nullptr;
      });
  customers_.ForEach([&](Customer& customer) {
    std::erase_if(customer.tracks, [&](Track& track) {
      if (next->OfSlot(track.slot()) != nullptr) return false;
      Drop(&customer, &track);
      return true;
    });
  });
  DropReminders(*next, [&next](const TimerQueue::Entry& entry) {
    return next->OfSlot(static_cast<std::uint32_t>(entry.key >> 32)) == nullptr;
  });
  index_ = std::move(next);
  if (some_go) {
    WakeAll([this](const IdleCustomers::View& idle) {
      return HasOthers(idle.record, *index_);
    });
  }
  customers_.ForEach([this](Customer& customer) { RemoveIfEmpty(&customer); });
  if (more_to_see) LookAtAll();
  MoveClock(clock_);
}

void EngineImpl::Forget(std::uint32_t origin) {
  assert(hits_.size() == 0);
  WakeAll([origin](const IdleCustomers::View& idle) {
    return idle.origin == origin;
  });
  customers_.ForEach([&](Customer& customer) {
    if (customer.origin != origin) return;
    std::erase_if(customer.tracks, [&](Track& track) {
      if (index_->OfSlot(track.slot())->detector->LooksAtProfiles()) {
        return false;
      }
      Drop(&customer, &track);
      return true;
    });
  });
  if (!index_->of_profiles().empty()) gone_.insert(origin);
  DropReminders(*index_, [](const TimerQueue::Entry& entry) {
    return entry.customer->FindReminded(entry.key, entry.due) == nullptr;
  });
  customers_.ForEach([this](Customer& customer) { RemoveIfEmpty(&customer); });
}

void EngineImpl::DropReminders(
    const WatchIndex& index,
    const std::function<bool(const TimerQueue::Entry&)>& gone) {
  timers_.Rebuild(index.Ranks(), [&gone](const TimerQueue::Entry& entry) {
    if (!gone(entry)) return true;
    --entry.customer->timers;
    return false;
  });
}

}  // namespace premura
