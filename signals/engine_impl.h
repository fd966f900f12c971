// SPDX-License-Identifier: Apache-2.0
// EngineImpl: the Engine's inside. engine.cc takes events and tells what was
// found; engine_time.cc fires timers, forgets what is idle and changes rules;
// engine_profiles.cc looks at profiles; engine_held.cc holds timers back;
// engine_explain.cc answers how far the rules are; engine_records.cc writes
// down and takes up again; engine_idle.cc puts away who is idle.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "signals/changes.h"
#include "signals/customer.h"
#include "signals/engine.h"
#include "signals/idle_customers.h"
#include "signals/matcher.h"
#include "signals/silences.h"
#include "signals/sweeper.h"
#include "signals/timer_queue.h"
#include "signals/watch_index.h"

namespace premura {

// Groups of one customer that a rule keeps, and how many go with one more.
inline constexpr std::size_t kGroupsKept = 10'000;
inline constexpr std::size_t kGroupsCut = 1'000;

struct Found {
  const Watcher* watcher = nullptr;
  std::uint64_t key = 0;
  const Group* group = nullptr;
  Finding finding;
};

class EngineImpl final : public Engine {
 public:
  EngineImpl(std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
             DetectionSink* sink, OwnsCustomer owns)
      : profiles_(profiles),
        sink_(sink),
        owns_(std::move(owns)),
        index_(std::make_unique<WatchIndex>(std::move(rules))) {
    timers_.Rebuild(index_->Ranks(), {});
  }
  ~EngineImpl() override;

  void Take(const Event& event) override;
  void Take(const ProfileChange& change) override;
  void OnProfiles(std::span<const std::string> customers) override;
  void Take(const EventBatch& batch) override;
  void Advance(Timestamp clock) override;
  void Use(std::shared_ptr<const RuleSet> rules) override;
  void Forget(std::uint32_t origin) override;
  void Use(const SelfPreservation& bounds) override;
  void Set(Stall stall) override;
  std::string Save(EngineRecords* records) override;
  Status Load(std::string_view name, std::string_view record) override;
  Status LoadOwn(std::string_view record, std::size_t spread) override;
  EngineStats Stats() const override;
  CustomerStanding Explain(std::string_view name,
                           std::span<const Event* const> recent) const override;

 private:
  using Concerned = WatchIndex::Concerned;

  const Symbols& symbols() const { return index_->rules()->symbols(); }

  // An event that has been matched, and waits for its turn.
  struct Matched {
    Matched(const Event& taken, const Symbols& symbols,
            const ProfileStore& profiles)
        : event(taken), facts(taken, symbols, profiles) {}

    const Event& event;
    EventFacts facts;
    std::size_t begin = 0;  // Of its hits.
    std::size_t end = 0;
    std::uint64_t hash = 0;        // Of the customer's name.
    Customer* customer = nullptr;  // With the hits' tracks, as found
    std::uint64_t moves = 0;       // when so much had moved.
  };
  struct Hits {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Customer* Find(std::string_view name, std::uint64_t hash);
  Customer* Find(std::string_view name) {
    return Find(name, CustomerTable::HashOf(name));
  }

  void Match(const Event& event);
  void TakeMatched();
  void Prefetch();
  void Process(const Event& event, const Concerned& concerned);
  void TakeHits(const Event& event, EventFacts* facts, Customer* customer,
                Hits hits);
  void Locate(Customer* customer, Hits hits);
  bool MarkSeen(const Event& event, EventFacts* facts, Hits hits);
  void AddTracks(const EventFacts& facts, Customer* customer, Hits hits);
  void TakeHit(const Hit& hit, const Event& event, EventFacts* facts,
               Customer* customer, SeenRef* record, std::vector<Found>* found);
  void Report(Customer* customer, Timestamp clock, std::vector<Found> found);
  void ReportCancels(const Event& event, const EventFacts& facts,
                     const Concerned& concerned);
  bool IsFor(const Rule& rule, std::string_view customer) const;
  // The same, with the reason, for whoever asks.
  std::optional<Mismatch> NotFor(const Rule& rule,
                                 std::string_view customer) const;
  void ExplainTracks(const Customer& customer, const Watcher& watcher,
                     RuleStanding* rule) const;

  // Profiles.
  bool HasBegun() const { return clock_ > Timestamp{}; }
  void LookAtFirst();
  void LookAtAll();
  void Look(std::string_view name, Timestamp now);
  void FireOfProfile(std::string_view name, Timestamp time);

  // Time.
  void MoveClock(Timestamp clock);
  void FireUpTo(Timestamp time, Customer* customer, Hits hits);
  void FireConcerned(const Cancellation& cancellation);
  void FireNext();
  void Fire(Customer* customer, Track* track);
  // Self-preservation.
  bool MustWait(const Customer& customer, const Track& track);
  void Hold(Customer* customer, Track* track);
  void Unhold(Customer* customer, Track* track, Timestamp due);
  void Release();
  void Remind(Customer* customer, State* state, std::uint64_t key);
  void Touch(Customer* customer, Timestamp clock);
  void SweepNext();
  Timestamp Sweep(Customer* customer, Timestamp now);
  void Drop(Customer* customer, Track* track);
  void DropReminders(const WatchIndex& index,
                     const std::function<bool(const TimerQueue::Entry&)>& gone);
  void TrimCrowds();
  void RemoveIfEmpty(Customer* customer);

  // Idle customers.
  Customer* Wake(std::string_view name, std::uint64_t hash);
  void WakeAll(const std::function<bool(const IdleCustomers::View&)>& which);
  void PutAway(Customer* customer, std::string_view record);

  // Records.
  void Save(Customer* customer, RecordWriter* writer, EngineRecords* records);
  void PrefetchToSave(std::span<Customer* const> customers) const;
  Customer& Admit(std::string_view name, Customer read);
  void TakeUp(Customer* customer);

  ProfileStore* const profiles_;
  DetectionSink* const sink_;
  const OwnsCustomer owns_;
  std::unique_ptr<const WatchIndex> index_;
  CustomerTable customers_;
  IdleCustomers idle_;  // None of these among `customers_`.
  // Goes up whenever a customer or a track may no longer be where it was.
  std::uint64_t moves_ = 1;
  TimerQueue timers_;
  Sweeper sweeper_;
  Silences silences_;
  HeldTimers held_;
  EngineStats stats_;
  DetectorCounts counts_;
  Timestamp clock_ = kUnseen;
  bool looked_ = false;           // By LookAtFirst().
  std::set<std::uint32_t> gone_;  // Origins, by Forget().
  Changes changes_;
  // A rule's groups of a customer that have become too many, until the event
  // has been taken: what it found may name any of them.
  struct Crowd {
    std::string customer;
    std::uint32_t slot = 0;
  };
  std::vector<Crowd> crowds_;

  Matcher hits_;
  std::vector<Matched> matched_;
};

}  // namespace premura
