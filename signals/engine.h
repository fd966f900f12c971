// SPDX-License-Identifier: Apache-2.0
// Engine: the customers of one shard, what each rule has seen of them, and
// their timers. The same code runs live, in tests of rules and over the past.
//
// Thread: one at a time, the shard's. No locks, no clock: time comes with the
// events and with Advance(). What it answers does not depend on how events are
// cut into batches or customers over engines.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/rule_set.h"
#include "signals/detection.h"
#include "signals/event.h"
#include "signals/profile.h"
#include "signals/self_preservation.h"
#include "signals/standing.h"

namespace premura {

struct EngineStats {
  std::uint64_t events = 0;
  std::uint64_t detections = 0;
  std::uint64_t late = 0;              // Passed over as late.
  std::uint64_t attempts_dropped = 0;  // Sequences that look back, beyond 32.
  std::uint64_t profile_values_refused = 0;  // No room: kMaxProfileBytes ...
  std::uint64_t windows_cut = 0;             // Events beyond a window's 10,000.
  std::uint64_t groups_cut = 0;              // Beyond a customer's 10,000.
  std::size_t customers = 0;  // With state in memory, but for the next.
  // Long idle: only what must not be forgotten is kept, in a few bytes.
  std::size_t idle = 0;
  std::size_t timers = 0;
  Timestamp oldest_timer{};  // Meaningless if timers == 0.
  std::size_t held = 0;      // Timers that were due and wait.
  Timestamp oldest_held{};   // Meaningless if held == 0.
  // Customers enough to doubt a silence, and far too many of them were due at
  // once.
  bool guards = false;
  bool too_many = false;
  Timestamp clock{};
  // Of Load(): customers' states whose rule is not there any more.
  std::uint64_t states_left_out = 0;
};

// Where Engine::Save() puts what it writes down.
class EngineRecords {
 public:
  virtual ~EngineRecords() = default;
  // All that is to be known of the customer from now on; empty: nothing, its
  // record can go. Both are live during the call only.
  virtual void OnCustomer(std::string_view customer,
                          std::string_view record) = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Fires what is due by event.clock, then takes the event.
  // REQUIRES: event.clock is not below that of any earlier call.
  virtual void Take(const Event& event) = 0;
  virtual void Take(const ProfileChange& change) = 0;
  // The profiles of these have changed otherwise, by a file; they are ours.
  virtual void OnProfiles(std::span<const std::string> customers) = 0;
  // It is now `clock` and nothing else has happened.
  virtual void Advance(Timestamp clock) = 0;
  // All of a batch in order.
  virtual void Take(const EventBatch& batch) = 0;

  // Between two events: unchanged rules (id and revision) keep their state.
  virtual void Use(std::shared_ptr<const RuleSet> rules) = 0;

  // The origin (Event::origin) is no longer ours: drops the state and timers of
  // every customer whose newest event came from it. Whoever owns it now goes
  // on; a timer left here would fire on what it can no longer see. What was
  // made of profiles stays, and is silent until the origin is back.
  virtual void Forget(std::uint32_t origin) = 0;

  // Self-preservation: off unless these bounds say otherwise. With it, what is
  // answered does depend on how customers are cut over engines.
  virtual void Use(const SelfPreservation& bounds) = 0;
  // How badly some source is stalled, from now on.
  virtual void Set(Stall stall) = 0;

  // Between two events: writes down every customer that has changed since the
  // last Save(), or since it was loaded, each once, in no order that means
  // anything. Answers what there is to know beside customers (the
  // engine's own record); that is small and always whole. Who puts the newest
  // of all records into a new engine with the same rules goes on as if nothing
  // had been. An engine that is never asked to keeps no account of changes.
  virtual std::string Save(EngineRecords* records) = 0;
  // The next two come before any event and Advance(), but after Use() and
  // Set(), which are not written down: held timers would go off. Their
  // order does not matter. What is damaged, or of another version, fails and
  // changes nothing. Event::origin must mean what it did.
  //
  // Takes up a customer's record. States of rules (id and revision) that are
  // not there any more are left out, and counted.
  // REQUIRES: the customer is ours, and has not been loaded before.
  [[nodiscard]] virtual Status Load(std::string_view customer,
                                    std::string_view record) = 0;
  // Takes up the record that Save() answered. `spread`: over so many engines
  // that one's customers are spread now; 1 if they are all ours. Where several
  // engines' customers come to this one, their records do, one after the other.
  [[nodiscard]] virtual Status LoadOwn(std::string_view record,
                                       std::size_t spread = 1) = 0;

  virtual EngineStats Stats() const = 0;

  // How far each rule is with the customer; changes nothing. `recent` are
  // events of the customer, in order of arrival, to be looked at for what
  // rules passed over.
  virtual CustomerStanding Explain(
      std::string_view customer,
      std::span<const Event* const> recent = {}) const = 0;
};

// How long before an event the earliest may lie that can matter with it, of all
// rules, and as long again, at least an hour, at most a day.
Duration LongestMemory(const std::shared_ptr<const RuleSet>& rules);

// Whether a customer belongs to an engine.
using OwnsCustomer = std::function<bool(std::string_view)>;

// `profiles` and `sink` must outlive the engine. Profiles of this engine's
// customers are changed by it alone, but for the files' layer. A rule that
// looks at profiles sees those that are known when the clock begins (the first
// after the epoch), or when the rule comes.
std::unique_ptr<Engine> NewEngine(
    std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
    DetectionSink* sink,
    OwnsCustomer owns = [](std::string_view) { return true; });

}  // namespace premura
