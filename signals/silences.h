// SPDX-License-Identifier: Apache-2.0
// Silences: whether the silence of a shard's customers is to be believed;
// HeldTimers: the timers that wait while it is not.
//
// Thread: the shard's.

#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "signals/customer.h"
#include "signals/record_reader.h"
#include "signals/record_writer.h"
#include "signals/self_preservation.h"

namespace premura {

// Silences: whether the customers' silence is to be believed.
class Silences {
 public:
  void Use(const SelfPreservation& bounds) { bounds_ = bounds; }
  void Set(Stall stall) { stall_ = stall; }

  // An event of the customer.
  void Saw(Customer* customer, Timestamp clock);
  // A timer of the customer is due, for nothing happened. Answers whether it
  // must wait, where `held` customers do already.
  bool Doubts(const Customer& customer, Timestamp due, std::size_t held);
  // When, if nothing else happens, they need wait no longer: kUnseen for at
  // once, kNever for not by the clock.
  Timestamp BelievesAt(std::size_t held) const;
  // What is due by then has waited, and is not doubted for being many.
  void Believe(Timestamp due) { believed_ = std::max(believed_, due); }

  // Enough customers are active to tell a stall from what is usual.
  bool guards() const {
    return bounds_.enabled && active() > 0 && active() >= bounds_.min_customers;
  }
  bool enabled() const { return bounds_.enabled; }
  bool stalled() const { return stall_ != Stall::kNone; }

  // What it remembers; not what it is told by Use() and Set().
  void Save(RecordWriter* to) const;
  // REQUIRES: it remembers nothing yet.
  void Load(RecordReader* from);
  // Of an engine whose customers are over `spread` engines now, those of `owns`
  // with this one.
  void Add(Silences other, std::size_t spread,
           const std::function<bool(std::string_view)>& owns);

 private:
  struct Due {
    Timestamp at{};
    std::string customer;
  };
  static constexpr std::size_t kDays = 7;

  // Today's, as a day has just begun; of the last day that had events, if a
  // stall lies between.
  std::size_t active() const { return std::max(today_, before_); }
  std::size_t TooMany() const;
  void Pass(Timestamp now);
  void BeginDay(std::uint32_t day);
  void AddActive(const Silences& other, std::size_t spread);
  void AddDue(const Silences& other,
              const std::function<bool(std::string_view)>& owns);

  SelfPreservation bounds_;
  Stall stall_ = Stall::kNone;
  Timestamp believed_ = kUnseen;

  // Customers with events, by days of the clock.
  std::uint32_t day_ = 0;
  std::size_t today_ = 0;
  std::size_t before_ = 0;

  // Customers that came due within `bounds_.within`, each once.
  std::deque<Due> due_;
  std::unordered_set<std::string> is_due_;
  Timestamp newest_ = kUnseen;

  // The most of them at once, on each of the last days; none where there was
  // doubt. The first is today's.
  std::array<std::size_t, kDays + 1> most_{};
  std::uint32_t most_day_ = 0;
  bool doubted_ = false;  // Today.
};

// HeldTimers: timers that were due and wait. A held state's `queued` is kHeld:
// it has no reminder. What is held stays the detector's to cancel or to move.
class HeldTimers {
 public:
  struct Entry {
    Timestamp due{};
    Customer* customer = nullptr;
    std::uint64_t key = 0;  // Track::key.
  };

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  std::size_t customers() const { return of_.size(); }
  // REQUIRES: !empty().
  Timestamp oldest() const { return entries_.begin()->due; }
  Timestamp newest() const { return entries_.rbegin()->due; }

  void Add(const Entry& entry);
  // REQUIRES: it is held.
  void Remove(const Entry& entry);
  // All, in order of (time, customer, rule's slot); none are left.
  std::vector<Entry> TakeAll();

 private:
  struct Before {
    bool operator()(const Entry& a, const Entry& b) const;
  };
  std::multiset<Entry, Before> entries_;
  std::unordered_map<const Customer*, std::size_t> of_;
};

}  // namespace premura
