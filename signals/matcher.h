// SPDX-License-Identifier: Apache-2.0
// Matcher: which rules an event concerns, by name, condition and group.
//
// Detections are processed within what caused them, so what has been matched
// is a stack. Thread: the shard's.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "signals/customer.h"
#include "signals/event_facts.h"
#include "signals/watch_index.h"

namespace premura {

// A rule that an event concerns: some pattern matched, and it has the group.
struct Hit {
  const Watcher* watcher = nullptr;
  std::uint64_t key = 0;       // Of the track.
  std::size_t matches = 0;     // Where they begin in the stack.
  std::size_t group = 0;       // Where its key begins,
  std::size_t group_size = 0;  // and how long it is.
  bool unless = false;
  bool seen = true;
  Track* track = nullptr;  // The engine's.
};

class Matcher {
 public:
  // Pushes the hits of one event, in order of rules.
  void Push(const WatchIndex& index, const WatchIndex::Concerned& concerned,
            const EventFacts& facts);

  struct Mark {
    std::size_t hits = 0;
    std::size_t matches = 0;
    std::size_t groups = 0;
  };
  Mark Top() const { return {hits_.size(), matches_top_, groups_.size()}; }
  // Takes away what was pushed since.
  void PopTo(const Mark& mark);

  std::size_t size() const { return hits_.size(); }
  // Valid until the next Push(); so are the views below.
  Hit& operator[](std::size_t index) { return hits_[index]; }
  std::string_view GroupKey(const Hit& hit) const {
    return std::string_view(groups_).substr(hit.group, hit.group_size);
  }
  std::span<const Match> MatchesOf(const Hit& hit) const {
    return {matches_.data() + hit.matches, hit.watcher->patterns};
  }

 private:
  using Interests = std::span<const WatchIndex::Interest>;
  const std::vector<std::uint32_t>& Candidates(
      const WatchIndex::Concerned& concerned, const EventFacts& facts);
  void PushWatcher(const Watcher& watcher, Interests interests,
                   const EventFacts& facts);
  bool AddGroup(const EventFacts& facts, Hit* hit);
  Match* AddMatches(std::size_t count);

  std::vector<Hit> hits_;
  std::vector<Match> matches_;  // Those below the top count.
  std::size_t matches_top_ = 0;
  std::string groups_;
  // Of the event at hand; kept for their memory.
  std::vector<std::uint32_t> candidates_;
  std::vector<std::uint64_t> keys_;
};

std::unique_ptr<Group> MakeGroup(std::string_view key, const Rule& rule,
                                 const Symbols& symbols,
                                 const EventFacts& facts);
// The group of these values, in the order of `group_by`; packed.
std::unique_ptr<Group> MakeGroup(std::span<const std::string_view> values,
                                 const Rule& rule, const Symbols& symbols);

// What the event says of the rule's group: path, JSON value of those there.
std::vector<std::pair<std::string, std::string>> GroupOf(
    const Rule& rule, const Symbols& symbols, const EventFacts& facts);

}  // namespace premura
