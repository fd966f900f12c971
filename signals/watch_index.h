// SPDX-License-Identifier: Apache-2.0
// WatchIndex: a RuleSet made ready for matching: which patterns of which rules
// an event's name concerns.
//
// Immutable; holds its RuleSet.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rules/rule_set.h"
#include "signals/detector.h"

namespace premura {

// One rule at work.
struct Watcher {
  const Rule* rule = nullptr;
  std::unique_ptr<Detector> detector;
  std::size_t patterns = 0;
  bool looks_back = false;
  // How long a track is kept once nothing more is seen.
  Duration keep{};
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
  // Of one event name.
  struct Concerned {
    std::vector<Interest> interests;  // By watcher.
    std::vector<Cancel> cancels;      // By rule, each rule once or more.
    // Keys of the tracks that it may concern, of rules without `group_by`.
    std::vector<std::uint64_t> tracks;

    bool empty() const { return interests.empty() && cancels.empty(); }
  };

  explicit WatchIndex(std::shared_ptr<const RuleSet> rules);

  const std::shared_ptr<const RuleSet>& rules() const { return rules_; }
  // In order of the rules' ids.
  const std::vector<Watcher>& watchers() const { return watchers_; }
  // nullptr if no rule at work has this slot.
  const Watcher* OfSlot(std::uint32_t slot) const;
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
  Duration shortest_keep() const { return shortest_keep_; }

 private:
  void AddWatcher(const Rule& rule);
  void AddTracks(Concerned* concerned) const;
  void Add(const Pattern& pattern, Interest interest);
  void AddCancel(const Pattern& pattern, const Rule& rule);
  template <typename Visit>
  void ForNames(const Pattern& pattern, const Visit& visit);

  std::shared_ptr<const RuleSet> rules_;
  std::vector<Watcher> watchers_;
  std::vector<Concerned> by_name_;  // 0: names that no rule mentions.
  std::vector<bool> is_detection_;
  std::vector<std::uint32_t> by_slot_;
  Duration shortest_keep_ = Duration::max();
};

}  // namespace premura
