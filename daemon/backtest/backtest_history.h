// SPDX-License-Identifier: Apache-2.0
// BacktestHistory: when things happened in a backtest, over all customers and,
// for some of them, one by one.
//
// Memory: a customer costs at most kEventsBefore events until something is
// found, and kEventsKept after; then only what a rule fires on is kept, up to
// kEvidenceKept more. The rest is counted. Thread: one at a time.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/backtest/backtest.h"

namespace premura {

// How many there were in each minute.
class Minutes {
 public:
  Minutes() = default;
  Minutes(const Minutes&) = delete;
  Minutes& operator=(const Minutes&) = delete;

  void Add(Timestamp at);
  // Into bars of `width` from `from` on. REQUIRES: nothing is before it.
  std::vector<std::uint64_t> Bars(Timestamp from, Duration width,
                                  std::size_t count) const;
  bool empty() const { return counts_.empty(); }

 private:
  std::unordered_map<std::int64_t, std::uint64_t> counts_;
  std::int64_t last_minute_ = 0;
  std::uint64_t* last_ = nullptr;  // Events come mostly in order.
};

struct Timeline {
  struct Event {
    Timestamp at{};
    std::uint32_t name = 0;  // Into BacktestHistory::names().
  };
  struct Found {
    Timestamp at{};
    std::string rule;
  };
  std::string customer;
  std::vector<Event> events;
  std::vector<Found> detections;
  std::vector<SimulatedContact> contacts;
  std::uint64_t left_out = 0;  // Of all three, what is beyond what is kept.
  std::uint64_t sent = 0;
  bool shown = false;  // Some event of theirs is.
};

class BacktestHistory final : public BacktestSink {
 public:
  static constexpr std::size_t kEventsBefore = 100;
  static constexpr std::size_t kEventsKept = 400;
  static constexpr std::size_t kEvidenceKept = 200;

  // What is before `from` is not shown, but in timelines.
  explicit BacktestHistory(std::optional<Timestamp> from)
      : from_(from.value_or(Timestamp::min())) {}

  bool WantsEvents() const override { return true; }
  void OnEvent(const Event& event) override;
  void OnDetection(const Detection& detection) override;
  void OnContact(const SimulatedContact& contact) override;

  const Minutes& events() const { return events_; }
  // By channel.
  const std::map<std::string, Minutes>& sent() const { return sent_; }
  std::uint64_t event_count() const { return event_count_; }
  std::uint64_t sent_count() const { return sent_count_; }
  std::uint64_t customer_count() const { return customer_count_; }
  // Of all that is shown; nullopt: nothing is.
  std::optional<std::pair<Timestamp, Timestamp>> Period() const;

  // Customers for whom something was found, those first to whom most was sent;
  // at most so many. `of`: how many there are.
  std::vector<const Timeline*> Timelines(std::size_t most,
                                         std::size_t* of) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  Timeline& TimelineOf(std::string_view customer);
  void KeepEvidence(const Detection& detection, Timeline* timeline);
  std::uint32_t NameOf(std::string_view name);
  void Show(Timestamp at);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  template <typename T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  const Timestamp from_;
  Timestamp first_ = Timestamp::max();
  Timestamp last_ = Timestamp::min();
  Minutes events_;
  std::map<std::string, Minutes> sent_;
  std::uint64_t event_count_ = 0;
  std::uint64_t sent_count_ = 0;
  std::uint64_t customer_count_ = 0;  // With an event that is shown.
  ByText<Timeline> timelines_;
  ByText<std::uint32_t> name_numbers_;
  std::vector<std::string> names_;
};

}  // namespace premura
