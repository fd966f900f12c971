// SPDX-License-Identifier: Apache-2.0

#include "signals/engine.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "signals/customer.h"
#include "signals/detection_event.h"
#include "signals/sweeper.h"
#include "signals/timer_queue.h"
#include "signals/watch_index.h"

namespace premura {

namespace {

// A rule that an event concerns: some pattern matched, and it has the group.
struct Hit {
  const Watcher* watcher = nullptr;
  std::uint64_t key = 0;       // Of the track.
  std::size_t matches = 0;     // Where they begin.
  std::size_t group = 0;       // Where its key begins,
  std::size_t group_size = 0;  // and how long it is.
  bool unless = false;
  bool seen = true;
};

struct Found {
  const Watcher* watcher = nullptr;
  std::uint64_t key = 0;
  const Group* group = nullptr;
  Finding finding;
};

class EngineImpl final : public Engine {
 public:
  EngineImpl(std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
             DetectionSink* sink)
      : profiles_(profiles),
        sink_(sink),
        index_(std::make_unique<WatchIndex>(std::move(rules))) {
    timers_.Rebuild(index_->Ranks(), {});
  }
  ~EngineImpl() override;

  void Take(const Event& event) override;
  void Take(const ProfileChange& change) override { profiles_->Merge(change); }
  void Advance(Timestamp clock) override;
  void Use(std::shared_ptr<const RuleSet> rules) override;
  void Forget(std::uint32_t origin) override;
  EngineStats Stats() const override;

 private:
  using Concerned = WatchIndex::Concerned;

  const Symbols& symbols() const { return index_->rules()->symbols(); }

  // Events, and detections as events.
  void Process(const Event& event, const Concerned& concerned);
  void Match(const Event& event, const EventFacts& facts,
             const Concerned& concerned);
  bool AddGroup(const EventFacts& facts, Hit* hit);
  void TakeHits(const Event& event, EventFacts* facts, std::size_t begin);
  bool MarkSeen(const Event& event, EventFacts* facts, std::size_t begin);
  void TakeHit(const Hit& hit, const Event& event, EventFacts* facts,
               Customer* customer, SeenRef* record, std::vector<Found>* found);
  void Report(Customer* customer, Timestamp clock, std::vector<Found> found);
  void ReportCancels(const Event& event, const EventFacts& facts,
                     const Concerned& concerned);
  bool IsFor(const Rule& rule, const Customer& customer) const;

  // Time.
  void MoveClock(Timestamp clock);
  void FireUpTo(Timestamp time, Customer* customer, std::size_t begin);
  void FireNext();
  void Fire(Customer* customer, Track* track);
  void Remind(Customer* customer, State* state, std::uint64_t key);
  void Touch(Customer* customer, Timestamp clock);
  void SweepNext();
  Timestamp Sweep(Customer* customer, Timestamp now);
  void Drop(Customer* customer, Track* track);
  void DropReminders(const WatchIndex& index,
                     const std::function<bool(const TimerQueue::Entry&)>& gone);
  void RemoveIfEmpty(Customer* customer);

  std::string_view GroupKey(const Hit& hit) const {
    return std::string_view(groups_).substr(hit.group, hit.group_size);
  }
  std::span<const premura::Match> MatchesOf(const Hit& hit) const {
    return {matches_.data() + hit.matches, hit.watcher->patterns};
  }

  ProfileStore* const profiles_;
  DetectionSink* const sink_;
  std::unique_ptr<const WatchIndex> index_;
  CustomerTable customers_;
  TimerQueue timers_;
  Sweeper sweeper_;
  EngineStats stats_;
  DetectorCounts counts_;
  Timestamp clock_ = kUnseen;

  // Stacks, since detections are processed within what caused them.
  std::vector<Hit> hits_;
  std::vector<premura::Match> matches_;
  std::string groups_;
};

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
  const std::size_t begin = hits_.size();
  const std::size_t matches = matches_.size();
  const std::size_t groups = groups_.size();
  Match(event, facts, concerned);
  if (hits_.size() > begin) TakeHits(event, &facts, begin);
  hits_.resize(begin);
  matches_.resize(matches);
  groups_.resize(groups);
  if (!concerned.cancels.empty()) ReportCancels(event, facts, concerned);
}

void EngineImpl::Match(const Event&, const EventFacts& facts,
                       const Concerned& concerned) {
  using Role = WatchIndex::Role;
  const auto& interests = concerned.interests;
  for (std::size_t i = 0; i < interests.size();) {
    const std::uint32_t watcher = interests[i].watcher;
    Hit hit;
    bool any = false;
    for (; i < interests.size() && interests[i].watcher == watcher; ++i) {
      const WatchIndex::Interest& interest = interests[i];
      if (hit.unless) continue;
      const bool holds = interest.role == Role::kLooksBack ||
                         interest.where == nullptr ||
                         interest.where->Matches(facts);
      if (!holds) continue;
      if (!any) {
        any = true;
        hit.watcher = &index_->watchers()[watcher];
        hit.matches = matches_.size();
        matches_.resize(hit.matches + hit.watcher->patterns,
                        premura::Match::kNo);
      }
      if (interest.role == Role::kUnless) {
        hit.unless = true;
      } else if (interest.role == Role::kPattern) {
        matches_[hit.matches + interest.pattern] = premura::Match::kYes;
      } else if (interest.role == Role::kLooksBack) {
        matches_[hit.matches + interest.pattern] = premura::Match::kAsk;
      }
    }
    if (any && AddGroup(facts, &hit)) hits_.push_back(hit);
  }
}

bool EngineImpl::AddGroup(const EventFacts& facts, Hit* hit) {
  const Rule& rule = *hit->watcher->rule;
  hit->group = groups_.size();
  for (const FieldRef& field : rule.detect.group_by) {
    const Value value = facts.Get(field);
    if (!value.present()) {
      groups_.resize(hit->group);
      return false;
    }
    AppendIdentity(value, &groups_);
  }
  hit->group_size = groups_.size() - hit->group;
  hit->key = TrackKey(rule.state_slot, GroupKey(*hit));
  return true;
}

bool EngineImpl::MarkSeen(const Event& event, EventFacts* facts,
                          std::size_t begin) {
  Customer* customer = customers_.Find(event.customer);
  bool any = false;
  SeenRef record;
  std::uint32_t arrivals = 0;
  for (std::size_t i = begin; i < hits_.size(); ++i) {
    Hit& hit = hits_[i];
    if (!hit.unless) {
      const Track* track = customer == nullptr
                               ? nullptr
                               : customer->Find(hit.key, GroupKey(hit));
      const Sight sight{event,  *facts,   MatchesOf(hit), event.time,
                        record, arrivals, counts_};
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
  if (!MarkSeen(event, facts, begin)) return;
  Customer& customer = customers_.Obtain(event.customer);
  FireUpTo(event.time, &customer, begin);
  std::vector<Found> found;
  SeenRef record;
  for (std::size_t i = begin; i < hits_.size(); ++i) {
    if (hits_[i].seen) {
      TakeHit(hits_[i], event, facts, &customer, &record, &found);
    }
  }
  customer.origin = event.origin;
  Touch(&customer, event.clock);
  if (!found.empty()) Report(&customer, event.clock, std::move(found));
}

void EngineImpl::TakeHit(const Hit& hit, const Event& event, EventFacts* facts,
                         Customer* customer, SeenRef* record,
                         std::vector<Found>* found) {
  const Rule& rule = *hit.watcher->rule;
  Track& track = customer->Obtain(hit.key, GroupKey(hit), [&] {
    auto group = std::make_unique<Group>();
    group->key = GroupKey(hit);
    for (const FieldRef& field : rule.detect.group_by) {
      const bool property = field.root == FieldRef::Root::kProperty;
      std::string packed;
      AppendPacked(facts->Get(field), &packed);
      group->entries.push_back(
          {property ? symbols().properties.Text(field.symbol) : field.path,
           std::move(packed)});
    }
    return group;
  });
  if (rule.detect.ignore_late && event.time < track.newest) {
    ++counts_.late;
    return;
  }
  track.newest = std::max(track.newest, event.time);
  const Detector& detector = *hit.watcher->detector;
  if (hit.unless) {
    detector.Reset(track.state);
  } else {
    const Sight sight{event,        *facts,  MatchesOf(hit),
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
    if (!IsFor(rule, *customer)) continue;
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

bool EngineImpl::IsFor(const Rule& rule, const Customer& customer) const {
  if (rule.only_for.always()) return true;
  Event nothing;
  nothing.customer = customer.name;
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
                           event.time, std::string(event.name)});
  }
}

// --- Time -------------------------------------------------------------------

void EngineImpl::Advance(Timestamp clock) { MoveClock(clock); }

void EngineImpl::MoveClock(Timestamp clock) {
  clock_ = std::max(clock_, clock);
  for (;;) {
    const Timestamp timer = timers_.empty() ? kNever : timers_.top().due;
    const Timestamp sweep = sweeper_.next();
    if (std::min(timer, sweep) > clock) return;
    if (timer <= sweep) {
      FireNext();
    } else {
      SweepNext();
    }
  }
}

// Of the rules that see the event, and before it.
void EngineImpl::FireUpTo(Timestamp time, Customer* customer,
                          std::size_t begin) {
  const std::size_t end = hits_.size();
  for (;;) {
    Track* first = nullptr;
    for (std::size_t i = begin; i < end; ++i) {
      if (!hits_[i].seen) continue;
      Track* track = customer->Find(hits_[i].key, GroupKey(hits_[i]));
      if (track == nullptr || track->state == nullptr) continue;
      const Timestamp due = track->state->due;
      if (due <= time && (first == nullptr || due < first->state->due)) {
        first = track;
      }
    }
    if (first == nullptr) return;
    Fire(customer, first);
  }
}

void EngineImpl::FireNext() {
  const TimerQueue::Entry entry = timers_.top();
  timers_.Pop();
  Customer* customer = entry.customer;
  --customer->timers;
  Track* track = customer->FindReminded(entry.key, entry.due);
  if (track == nullptr) {
    RemoveIfEmpty(customer);
    return;
  }
  track->state->queued = kNever;
  if (track->state->due > entry.due) {
    Remind(customer, track->state, track->key);
  } else {
    Fire(customer, track);
  }
}

void EngineImpl::Fire(Customer* customer, Track* track) {
  const Timestamp due = track->state->due;
  const Watcher& watcher = *index_->OfSlot(track->slot());
  track->newest = std::max(track->newest, due);
  std::vector<Found> found;
  std::optional<Finding> finding = watcher.detector->Fire(track->state);
  if (finding) {
    found.push_back(
        {&watcher, track->key, track->group.get(), *std::move(finding)});
  }
  Remind(customer, track->state, track->key);
  Touch(customer, due);
  if (!found.empty()) Report(customer, due, std::move(found));
}

void EngineImpl::Remind(Customer* customer, State* state, std::uint64_t key) {
  if (state->due >= state->queued) return;
  state->queued = state->due;
  ++customer->timers;
  timers_.Push({state->due, customer, key});
}

// --- Forgetting -------------------------------------------------------------

void EngineImpl::Touch(Customer* customer, Timestamp clock) {
  customer->touched = std::max(customer->touched, clock);
  if (customer->sweep == kNever) {
    sweeper_.Schedule(customer, Later(clock, index_->shortest_keep()));
  }
}

void EngineImpl::SweepNext() {
  const Timestamp now = sweeper_.next();
  for (Customer* customer : sweeper_.TakeNext()) {
    const Timestamp again = Sweep(customer, now);
    if (again != kNever) sweeper_.Schedule(customer, again);
    RemoveIfEmpty(customer);
  }
}

// Answers when there may be more to forget.
Timestamp EngineImpl::Sweep(Customer* customer, Timestamp now) {
  Timestamp again = kNever;
  std::erase_if(customer->tracks, [&](Track& track) {
    const Watcher& watcher = *index_->OfSlot(track.slot());
    const Timestamp end =
        Later(std::max(track.newest, customer->touched), watcher.keep);
    if (end > now) {
      again = std::min(again, end);
      return false;
    }
    if (track.state != nullptr && (track.state->due != kNever ||
                                   !watcher.detector->Forget(track.state))) {
      return false;
    }
    Drop(customer, &track);
    return true;
  });
  if (again == kNever) return kNever;
  return std::min(again, Later(now, std::chrono::hours(24)));
}

void EngineImpl::Drop(Customer* customer, Track* track) {
  if (track->state != nullptr) {
    index_->OfSlot(track->slot())->detector->Delete(track->state);
    track->state = nullptr;
  }
  std::erase_if(customer->episodes, [track](const Episodes& episodes) {
    return episodes.key == track->key && episodes.group == track->group.get();
  });
}

void EngineImpl::RemoveIfEmpty(Customer* customer) {
  if (customer->tracks.empty() && customer->timers == 0 &&
      customer->sweep == kNever) {
    customers_.Remove(customer);
  }
}

EngineImpl::~EngineImpl() {
  customers_.ForEach([this](Customer& customer) {
    for (Track& track : customer.tracks) Drop(&customer, &track);
  });
}

// --- Rules ------------------------------------------------------------------

void EngineImpl::Use(std::shared_ptr<const RuleSet> rules) {
  assert(hits_.empty());
  auto next = std::make_unique<WatchIndex>(std::move(rules));
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
  customers_.ForEach([this](Customer& customer) { RemoveIfEmpty(&customer); });
}

void EngineImpl::Forget(std::uint32_t origin) {
  assert(hits_.empty());
  customers_.ForEach([&](Customer& customer) {
    if (customer.origin != origin) return;
    for (Track& track : customer.tracks) Drop(&customer, &track);
    customer.tracks.clear();
  });
  DropReminders(*index_, [](const TimerQueue::Entry& entry) {
    return entry.customer->tracks.empty();
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

EngineStats EngineImpl::Stats() const {
  EngineStats stats = stats_;
  stats.late = counts_.late;
  stats.attempts_dropped = counts_.attempts_dropped;
  stats.customers = customers_.size();
  stats.timers = timers_.size();
  if (!timers_.empty()) stats.oldest_timer = timers_.top().due;
  stats.clock = clock_;
  return stats;
}

}  // namespace

void Engine::Take(const EventBatch& batch) {
  for (const EventBatch::Item& item : batch.items()) {
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

std::unique_ptr<Engine> NewEngine(std::shared_ptr<const RuleSet> rules,
                                  ProfileStore* profiles, DetectionSink* sink) {
  return std::make_unique<EngineImpl>(std::move(rules), profiles, sink);
}

}  // namespace premura
