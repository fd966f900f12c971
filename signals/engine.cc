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
  MoveClock(event.clock);
  ++stats_.events;
  Process(event, index_->OfEvent(event.name_id));
  MoveClock(event.clock);  // A late event may have set a timer that is due.
}

void EngineImpl::Process(const Event& event, const Concerned& concerned) {
  if (concerned.empty()) return;
  EventFacts facts(event, symbols(), *profiles_);
  const Matcher::Mark before = hits_.Top();
  hits_.Push(*index_, concerned, facts);
  if (hits_.size() > before.hits) TakeHits(event, &facts, before.hits);
  hits_.PopTo(before);
  if (!concerned.cancels.empty()) ReportCancels(event, facts, concerned);
}

bool EngineImpl::MarkSeen(const Event& event, EventFacts* facts,
                          Customer* customer, std::size_t begin) {
  bool any = false;
  SeenRef record;
  std::uint32_t arrivals = 0;
  for (std::size_t i = begin; i < hits_.size(); ++i) {
    Hit& hit = hits_[i];
    if (!hit.unless) {
      const Track* track = nullptr;
      if (customer != nullptr && hit.watcher->looks_back) {
        track = customer->Find(hit.key, hits_.GroupKey(hit));
      }
      const Sight sight{event,      *facts, hits_.MatchesOf(hit),
                        event.time, record, arrivals,
                        counts_};
      hit.seen = hit.watcher->detector->Sees(
          sight, track == nullptr ? nullptr : track->state);
    }
    any = any || hit.seen;
  }
  return any;
}

// All rules take the event, then it is told what they found.
void EngineImpl::TakeHits(const Event& event, EventFacts* facts,
                          std::size_t begin) {
  Customer* customer = customers_.Find(event.customer);
  if (!MarkSeen(event, facts, customer, begin)) return;
  if (customer == nullptr) {
    customer = &customers_.Add(event.customer);
  } else {
    FireUpTo(event.time, customer, begin);
    Prefetch(customer, begin);
  }
  std::vector<Found> found;
  SeenRef record;
  for (std::size_t i = begin; i < hits_.size(); ++i) {
    if (hits_[i].seen) {
      TakeHit(hits_[i], event, facts, customer, &record, &found);
    }
  }
  customer->origin = event.origin;
  Touch(customer, event.clock);
  if (!found.empty()) Report(customer, event.clock, std::move(found));
}

// --- Batches ----------------------------------------------------------------

void EngineImpl::Take(const EventBatch& batch) {
  constexpr std::size_t kAhead = 16;
  const std::vector<EventBatch::Item>& items = batch.items();
  std::vector<const Event*> ahead;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i % kAhead == 0) {
      ahead.clear();
      for (std::size_t j = i; j < std::min(items.size(), i + kAhead); ++j) {
        if (items[j].what != EventBatch::Item::What::kEvent) continue;
        ahead.push_back(&batch.event(items[j].index));
      }
      PrefetchFor(ahead);
    }
    const EventBatch::Item& item = items[i];
    switch (item.what) {
      case EventBatch::Item::What::kEvent:
        Take(batch.event(item.index));
        break;
      case EventBatch::Item::What::kProfile:
        Take(batch.profile(item.index));
        break;
      case EventBatch::Item::What::kClock:
        Advance(item.clock);
        break;
    }
  }
}

// Customers lie scattered over more memory than caches hold, and each is three
// look-ups away (its name, its tracks, their states). Done for several
// events at once, the waits overlap.
void EngineImpl::PrefetchFor(std::span<const Event* const> events) {
  constexpr std::size_t kLine = 64;
  prefetched_.clear();
  for (const Event* event : events) {
    Customer* customer = customers_.Find(event->customer);
    prefetched_.push_back(customer);
    if (customer == nullptr) continue;
    const auto* tracks = reinterpret_cast<const char*>(customer->tracks.data());
    const std::size_t bytes = customer->tracks.size() * sizeof(Track);
    for (std::size_t at = 0; at < std::min(bytes, 16 * kLine); at += kLine) {
      __builtin_prefetch(tracks + at);
    }
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (prefetched_[i] == nullptr) continue;
    for (const std::uint64_t key : index_->OfEvent(events[i]->name_id).tracks) {
      const Track* track = prefetched_[i]->Find(key, {});
      if (track == nullptr || track->state == nullptr) continue;
      __builtin_prefetch(track->state);
      __builtin_prefetch(reinterpret_cast<const char*>(track->state) + kLine);
    }
  }
}

// The states lie scattered: have them all on their way before the first is
// looked at.
void EngineImpl::Prefetch(Customer* customer, std::size_t begin) {
  for (std::size_t i = begin; i < hits_.size(); ++i) {
    const Track* track = customer->Find(hits_[i].key, hits_.GroupKey(hits_[i]));
    if (track != nullptr) __builtin_prefetch(track->state);
  }
}

void EngineImpl::TakeHit(const Hit& hit, const Event& event, EventFacts* facts,
                         Customer* customer, SeenRef* record,
                         std::vector<Found>* found) {
  const Rule& rule = *hit.watcher->rule;
  const std::string_view group = hits_.GroupKey(hit);
  Track* known = customer->Find(hit.key, group);
  if (known == nullptr) {
    known = &customer->Add(
        hit.key,
        group.empty() ? nullptr : MakeGroup(group, rule, symbols(), *facts));
  }
  Track& track = *known;
  if (rule.detect.ignore_late && event.time < track.newest) {
    ++counts_.late;
    return;
  }
  track.newest = std::max(track.newest, event.time);
  track.touched = std::max(track.touched, event.clock);
  const Detector& detector = *hit.watcher->detector;
  if (hit.unless) {
    detector.Reset(track.state, event.time);
  } else {
    const Sight sight{event,        *facts,  hits_.MatchesOf(hit),
                      track.newest, *record, customer->arrivals,
                      counts_};
    std::optional<Finding> finding = detector.Take(sight, track.state);
    if (finding) {
      found->push_back(
          {hit.watcher, hit.key, track.group.get(), *std::move(finding)});
    }
  }
  if (track.state != nullptr) Remind(customer, track.state, track.key);
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
    if (!IsFor(rule, customer->name)) continue;
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
    sink_->OnCancellation({cancel.rule->id, std::string(event.customer),
                           event.time, std::string(event.name),
                           GroupOf(*cancel.rule, symbols(), facts)});
  }
}

EngineStats EngineImpl::Stats() const {
  EngineStats stats = stats_;
  stats.late = counts_.late;
  stats.attempts_dropped = counts_.attempts_dropped;
  stats.windows_cut = counts_.windows_cut;
  stats.customers = customers_.size();
  stats.timers = timers_.size();
  if (!timers_.empty()) stats.oldest_timer = timers_.top().due;
  stats.clock = clock_;
  return stats;
}

std::unique_ptr<Engine> NewEngine(std::shared_ptr<const RuleSet> rules,
                                  ProfileStore* profiles, DetectionSink* sink) {
  return std::make_unique<EngineImpl>(std::move(rules), profiles, sink);
}

}  // namespace premura
