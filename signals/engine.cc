// SPDX-License-Identifier: Apache-2.0

#include "signals/engine.h"

#include <algorithm>
#include <string>
#include <utility>

#include "signals/detection_event.h"
#include "signals/engine_impl.h"

namespace premura {

// --- Events -----------------------------------------------------------------

void EngineImpl::Take(const Event& event) {
  Match(event);
  TakeMatched();
}

// What an event concerns depends on nothing that the events before it do, so
// some are matched at once, and their customers looked for at once: those lie
// scattered over more memory than caches hold, and the waits overlap.
void EngineImpl::Take(const EventBatch& batch) {
  constexpr std::size_t kAtOnce = 16;
  for (const EventBatch::Item& item : batch.items()) {
    if (item.what == EventBatch::Item::What::kEvent) {
      Match(batch.event(item.index));
      if (matched_.size() == kAtOnce) TakeMatched();
      continue;
    }
    TakeMatched();
    if (item.what == EventBatch::Item::What::kProfile) {
      Take(batch.profile(item.index));
    } else {
      Advance(item.clock);
    }
  }
  TakeMatched();
}

// Whoever is idle is so no longer.
Customer* EngineImpl::Find(std::string_view name, std::uint64_t hash) {
  Customer* const customer = customers_.Find(name, hash);
  return customer != nullptr || idle_.empty() ? customer : Wake(name, hash);
}

void EngineImpl::Match(const Event& event) {
  const Concerned& concerned = index_->OfEvent(event.name_id);
  Matched& matched = matched_.emplace_back(event, symbols(), *profiles_);
  matched.begin = hits_.size();
  if (!concerned.empty()) hits_.Push(*index_, concerned, matched.facts);
  matched.end = hits_.size();
  if (matched.begin == matched.end) return;
  matched.hash = CustomerTable::HashOf(event.customer);
  customers_.Prefetch(matched.hash);
}

void EngineImpl::TakeMatched() {
  Prefetch();
  for (Matched& matched : matched_) {
    const Event& event = matched.event;
    const Hits hits{matched.begin, matched.end};
    if (!gone_.empty()) gone_.erase(event.origin);
    MoveClock(event.clock);
    ++stats_.events;
    if (hits.begin != hits.end) {
      if (matched.moves != moves_) {
        matched.customer = Find(event.customer, matched.hash);
        Locate(matched.customer, hits);
      }
      TakeHits(event, &matched.facts, matched.customer, hits);
    }
    ReportCancels(event, matched.facts, index_->OfEvent(event.name_id));
    MoveClock(event.clock);  // A late event may have set a timer that is due.
  }
  matched_.clear();
  hits_.PopTo({});
}

// Each window is some look-ups away: the table, the customer, the tracks,
// their states, and what these hold. For all events at once, so that they wait
// for memory together.
void EngineImpl::Prefetch() {
  for (Matched& matched : matched_) {
    if (matched.begin == matched.end) continue;
    matched.customer = customers_.PrefetchCustomer(matched.hash);
  }
  for (Matched& matched : matched_) {
    Customer*& customer = matched.customer;
    if (matched.begin == matched.end) continue;
    if (customer == nullptr || customer->name != matched.event.customer) {
      customer = Find(matched.event.customer, matched.hash);
    }
    if (customer == nullptr) continue;
    for (std::size_t i = matched.begin; i < matched.end; ++i) {
      customer->PrefetchTrack(hits_[i].key, index_->slots());
    }
  }
  for (Matched& matched : matched_) {
    matched.moves = moves_;
    Locate(matched.customer, {matched.begin, matched.end});
    for (std::size_t i = matched.begin; i < matched.end; ++i) {
      const Track* track = hits_[i].track;
      if (track != nullptr) track->Prefetch(0);
    }
  }
  for (std::size_t i = 0; i < hits_.size(); ++i) {
    if (hits_[i].track != nullptr) hits_[i].track->Prefetch(1);
  }
  for (int step = 0; step < Detector::kPrefetchSteps; ++step) {
    for (std::size_t i = 0; i < hits_.size(); ++i) {
      const Track* track = hits_[i].track;
      const State* const state = track == nullptr ? nullptr : track->state();
      if (state != nullptr) hits_[i].watcher->detector->Prefetch(*state, step);
    }
  }
}

// Detections as events.
void EngineImpl::Process(const Event& event, const Concerned& concerned) {
  if (concerned.empty()) return;
  EventFacts facts(event, symbols(), *profiles_);
  const Matcher::Mark before = hits_.Top();
  hits_.Push(*index_, concerned, facts);
  const Hits hits{before.hits, hits_.size()};
  if (hits.begin != hits.end) {
    Customer* const customer = Find(event.customer);
    Locate(customer, hits);
    TakeHits(event, &facts, customer, hits);
  }
  hits_.PopTo(before);
  ReportCancels(event, facts, concerned);
}

// All rules take the event, then it is told what they found. `customer` is its,
// if there is one, and its tracks have been located.
void EngineImpl::TakeHits(const Event& event, EventFacts* facts,
                          Customer* customer, Hits hits) {
  if (!MarkSeen(event, facts, hits)) return;
  if (customer == nullptr) {
    customer = &customers_.Add(event.customer);
    ++moves_;
  } else {
    FireUpTo(event.time, customer, hits);
  }
  AddTracks(*facts, customer, hits);
  std::vector<Found> found;
  SeenRef record;
  for (std::size_t i = hits.begin; i < hits.end; ++i) {
    if (!hits_[i].seen) continue;
    TakeHit(hits_[i], event, facts, customer, &record, &found);
  }
  customer->origin = event.origin;
  silences_.Saw(customer, event.clock);
  if (event.time < Earlier(event.clock, kLeastGrace)) {
    customer->late = event.clock;
  }
  Touch(customer, event.clock);
  if (!found.empty()) Report(customer, event.clock, std::move(found));
}

void EngineImpl::Locate(Customer* customer, Hits hits) {
  for (std::size_t i = hits.begin; i < hits.end; ++i) {
    Hit& hit = hits_[i];
    hit.track =
        customer == nullptr
            ? nullptr
            : customer->Find(hit.key, hits_.GroupKey(hit), index_->slots());
  }
}

bool EngineImpl::MarkSeen(const Event& event, EventFacts* facts, Hits hits) {
  bool any = false;
  SeenRef record;
  std::uint32_t arrivals = 0;
  for (std::size_t i = hits.begin; i < hits.end; ++i) {
    Hit& hit = hits_[i];
    if (!hit.unless) {
      const Sight sight{event,      *facts, hits_.MatchesOf(hit),
                        event.time, record, arrivals,
                        counts_};
      hit.seen = hit.watcher->detector->Sees(
          sight, hit.track == nullptr ? nullptr : hit.track->state());
    }
    any = any || hit.seen;
  }
  return any;
}

void EngineImpl::AddTracks(const EventFacts& facts, Customer* customer,
                           Hits hits) {
  bool any = false;
  for (std::size_t i = hits.begin; i < hits.end; ++i) {
    const Hit& hit = hits_[i];
    if (!hit.seen || hit.track != nullptr) continue;
    const std::string_view group = hits_.GroupKey(hit);
    customer->Add(hit.key, group.empty() ? nullptr
                                         : MakeGroup(group, *hit.watcher->rule,
                                                     symbols(), facts));
    any = true;
    const std::uint32_t slot = hit.watcher->rule->state_slot;
    if (!group.empty() && customer->Groups(slot) > kGroupsKept) {
      crowds_.push_back({customer->name, slot});
    }
  }
  if (!any) return;
  ++moves_;
  Locate(customer, hits);
}

void EngineImpl::TakeHit(const Hit& hit, const Event& event, EventFacts* facts,
                         Customer* customer, SeenRef* record,
                         std::vector<Found>* found) {
  Track& track = *hit.track;
  if (hit.watcher->ignore_late && event.time < track.newest) {
    ++counts_.late;
    return;
  }
  track.newest = std::max(track.newest, event.time);
  const Detector& detector = *hit.watcher->detector;
  const State* const before = track.state();
  const Timestamp due = before == nullptr ? kNever : before->due;
  if (hit.unless) {
    detector.Reset(event.time, &track.memo());
  } else {
    const Sight sight{event,        *facts,  hits_.MatchesOf(hit),
                      track.newest, *record, customer->arrivals,
                      counts_};
    std::optional<Finding> finding = detector.Take(sight, &track.memo());
    if (finding) {
      found->push_back(
          {hit.watcher, hit.key, track.group(), *std::move(finding)});
    }
  }
  State* const state = track.state();
  if (state == nullptr) return;
  if (state->due != due) Unhold(customer, &track, due);
  Remind(customer, state, track.key());
}

void EngineImpl::Report(Customer* customer, Timestamp clock,
                        std::vector<Found> found) {
  struct Made {
    const Rule* rule;
    const Group* group;
    std::string id;
    Timestamp at;
  };
  std::vector<Made> made;
  for (const Found& one : found) {
    const Rule& rule = *one.watcher->rule;
    if (!IsFor(rule, customer->name)) {
      sink_->OnLeftOut(rule, customer->name, one.finding.at);
      continue;
    }
    Detection detection = MakeDetection(
        index_->rules(), rule, *customer, one.group, one.finding,
        NextEpisode(customer, one.key, one.group, one.finding.at));
    ++stats_.detections;
    if (!index_->OfDetection(rule).empty()) {
      made.push_back({&rule, one.group, detection.id, detection.at});
    }
    sink_->OnDetection(std::move(detection));
  }
  for (Made& one : made) {
    const DetectionEvent cause(*one.rule, symbols(), *customer, one.group,
                               std::move(one.id), one.at, clock);
    Process(cause.event(), index_->OfDetection(*one.rule));
  }
}

bool EngineImpl::IsFor(const Rule& rule, std::string_view customer) const {
  if (rule.only_for.always()) return true;
  Event nothing;
  nothing.customer = customer;
  return rule.only_for.Matches(EventFacts(nothing, symbols(), *profiles_));
}

// After all that the event has caused: what it completes, it also takes back.
void EngineImpl::ReportCancels(const Event& event, const EventFacts& facts,
                               const Concerned& concerned) {
  const Rule* last = nullptr;
  for (const WatchIndex::Cancel& cancel : concerned.cancels) {
    if (cancel.rule == last) continue;
    if (cancel.where != nullptr && !cancel.where->Matches(facts)) continue;
    last = cancel.rule;
    Cancellation cancellation{cancel.rule->id,
                              std::string(event.customer),
                              event.time,
                              std::string(event.name),
                              GroupOf(*cancel.rule, symbols(), facts),
                              event.origin};
    FireConcerned(cancellation);
    sink_->OnCancellation(std::move(cancellation));
  }
}

EngineStats EngineImpl::Stats() const {
  EngineStats stats = stats_;
  stats.late = counts_.late;
  stats.attempts_dropped = counts_.attempts_dropped;
  stats.windows_cut = counts_.windows_cut;
  stats.customers = customers_.size();
  stats.idle = idle_.size();
  stats.timers = timers_.size();
  if (!timers_.empty()) stats.oldest_timer = timers_.top().due;
  stats.held = held_.size();
  if (!held_.empty()) stats.oldest_held = held_.oldest();
  stats.guards = silences_.guards();
  stats.too_many = stats.guards && !silences_.stalled() && !held_.empty();
  stats.clock = clock_;
  return stats;
}

Duration LongestMemory(const std::shared_ptr<const RuleSet>& rules) {
  Duration longest{};
  const WatchIndex index(rules);
  for (const Watcher& watcher : index.watchers()) {
    longest = std::max(longest, watcher.keep);
  }
  return longest;
}

std::unique_ptr<Engine> NewEngine(std::shared_ptr<const RuleSet> rules,
                                  ProfileStore* profiles, DetectionSink* sink,
                                  OwnsCustomer owns) {
  return std::make_unique<EngineImpl>(std::move(rules), profiles, sink,
                                      std::move(owns));
}

}  // namespace premura
