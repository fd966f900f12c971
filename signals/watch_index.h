// SPDX-License-Identifier: Apache-2.0
// WatchIndex: a RuleSet made ready for matching: which patterns of which rules
// an event's name concerns; where many of them ask for some value of one field,
// by that value too.
//
// Immutable; holds its RuleSet.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "rules/rule_set.h"
#include "signals/detector.h"

namespace premura {

// A track is kept that much longer than its rule remembers, at least.
inline constexpr Duration kLeastGrace = std::chrono::hours(1);

// One rule at work.
struct Watcher {
  const Rule* rule = nullptr;
  std::unique_ptr<Detector> detector;
  std::size_t patterns = 0;
  // What every event asks of the rule, beside each other.
  std::uint64_t key = 0;  // TrackKey() without a group.
  bool grouped = false;
  bool ignore_late = false;
  // How long a track is kept once nothing more is seen.
  Duration keep{};
  // Made of the rule's id and revision: names it in records.
  std::uint64_t stamp = 0;
};

class WatchIndex {
 public:
  enum class Role : std::uint8_t {
    kUnless,  // First among a watcher's, so that it is looked at first.
    kPattern,
    kLooksBack,
    kEverything,  // No pattern, but the rule sees it.
  };
  struct Interest {
    const Condition* where = nullptr;  // nullptr: always.
    std::uint32_t watcher = 0;
    std::uint32_t pattern = 0;
    Role role = Role::kPattern;
  };
  struct Cancel {
    const Condition* where = nullptr;
    const Rule* rule = nullptr;
  };
  // All interests of one watcher: interests[begin, end).
  struct Run {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  // Runs none of which can hold unless the property equals one of the keys.
  struct ByValue {
    FieldRef property;
    std::unordered_multimap<std::uint64_t, std::uint32_t> runs;
  };
  // Of one event name.
  struct Concerned {
    std::vector<Interest> interests;  // By watcher.
    std::vector<Run> runs;
    std::vector<std::uint32_t> always;  // Runs that no index holds.
    std::vector<ByValue> by_value;
    std::vector<Cancel> cancels;  // By rule, each rule once or more.

    std::span<const Interest> InterestsOf(std::uint32_t run) const {
      return std::span(interests).subspan(runs[run].begin,
                                          runs[run].end - runs[run].begin);
    }
    bool empty() const { return interests.empty() && cancels.empty(); }
  };

  explicit WatchIndex(std::shared_ptr<const RuleSet> rules);

  const std::shared_ptr<const RuleSet>& rules() const { return rules_; }
  // In order of the rules' ids.
  const std::vector<Watcher>& watchers() const { return watchers_; }
  // Those that look at profiles, in the same order.
  const std::vector<const Watcher*>& of_profiles() const {
    return of_profiles_;
  }
  // nullptr if no rule at work has this slot.
  const Watcher* OfSlot(std::uint32_t slot) const;
  const Watcher* OfStamp(std::uint64_t stamp) const;
  // Ranks of slots for TimerQueue.
  std::vector<std::uint32_t> Ranks() const;

  // What a source's event concerns; whatever its name, it is no detection.
  const Concerned& OfEvent(SymbolId name) const {
    return name < by_name_.size() && !is_detection_[name] ? by_name_[name]
                                                          : by_name_[0];
  }
  const Concerned& OfDetection(const Rule& rule) const {
    return by_name_[rule.detection_name];
  }
  // Slots of tracks are below this.
  std::size_t slots() const { return by_slot_.size(); }
  Duration shortest_keep() const { return shortest_keep_; }

 private:
  void AddWatcher(const Rule& rule);
  void Add(const Pattern& pattern, Interest interest);
  void AddCancel(const Pattern& pattern, const Rule& rule);
  template <typename Visit>
  void ForNames(const Pattern& pattern, const Visit& visit);

  std::shared_ptr<const RuleSet> rules_;
  std::vector<Watcher> watchers_;
  std::vector<const Watcher*> of_profiles_;
  std::vector<Concerned> by_name_;  // 0: names that no rule mentions.
  std::vector<bool> is_detection_;
  std::vector<std::uint32_t> by_slot_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_stamp_;
  Duration shortest_keep_ = Duration::max();
};

}  // namespace premura
