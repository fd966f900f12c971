// SPDX-License-Identifier: Apache-2.0
// DuplicateFilter: which events, by customer and id, have been seen within a
// window of the clock.
//
// Keeps a keyed 128-bit hash of each, not its text: 45 to 55 bytes per event of
// the window. Two different events share one once in 10^20.
//
// Thread: one at a time.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rules/time.h"

namespace premura {

class DuplicateFilter {
 public:
  explicit DuplicateFilter(Duration window);

  // What its hashes are keyed with: new each time, unless put back.
  using Seeds = std::array<std::uint64_t, 4>;
  const Seeds& seeds() const { return seeds_; }
  // REQUIRES: nothing is remembered yet.
  void Use(const Seeds& seeds) { seeds_ = seeds; }

  struct Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Key&) const = default;
  };
  Key KeyOf(std::string_view customer, std::string_view id) const;

  // Whether it was first seen less than the window before `clock`.
  // REQUIRES: clocks do not go back.
  bool Seen(const Key& key, Timestamp clock);
  // REQUIRES: !Seen(key, clock).
  void Remember(const Key& key, Timestamp clock, std::uint32_t partition);
  // What came from the partition may come again: whoever counted it has
  // forgotten it.
  void Drop(std::uint32_t partition);

  // The clock begins: what was remembered before it did counts from here.
  void Begin(Timestamp clock);

  // What has been remembered since the last call, in pieces of a few megabytes.
  // With `*whole` it is all there is, and what was answered before is void.
  std::vector<std::string> Save(bool* whole);
  // Puts back a piece that Save() answered, in the same order. False if it is
  // not that.
  bool Load(std::string_view saved);
  // When the newest was seen. REQUIRES: size() > 0.
  Timestamp newest() const { return first_seen_.back().clock; }

  // REQUIRES: less than 2^32, else it takes old events for new.
  std::size_t size() const { return first_seen_.size(); }

 private:
  struct Entry {
    Key key;
    Timestamp clock;
    std::uint32_t partition;
  };

  // Where an entry is: its number, counted from the first there ever was, and
  // a part of its key, which says where in the table it belongs and spares a
  // look at most entries that are not meant.
  struct Slot {
    std::uint32_t number = 0;
    std::uint32_t tag = 0;  // 0: a gap.
  };
  static std::uint32_t TagOf(const Key& key) {
    return std::max(static_cast<std::uint32_t>(key.low), 1U);
  }

  static bool TakeEntry(std::string_view* from, Timestamp before, Entry* entry);
  void Add(const Entry& entry);
  void MakeRoom(std::size_t more);
  void Forget(Timestamp clock);
  const Entry& EntryOf(const Slot& slot) const {
    return first_seen_[static_cast<std::uint32_t>(slot.number - oldest_)];
  }
  std::size_t Find(const Key& key) const;  // Its place, or an empty one.
  // Of a key that is not there.
  void Place(const Key& key, std::uint32_t number);
  void Fetch(const Key& key) const {
    __builtin_prefetch(&table_[TagOf(key) & mask_], 1);
  }
  void Erase(const Key& key);
  void Index(std::size_t slots);  // All entries, anew.

  Duration window_;
  Seeds seeds_;
  std::deque<Entry> first_seen_;  // Oldest in front.
  std::uint32_t oldest_ = 0;      // Its number; they go round.
  std::size_t unsaved_ = 0;       // So many at the back.
  bool changed_ = false;          // Other than by growing and by time.
  std::vector<Slot> table_;       // Open addressing.
  std::size_t mask_;
};

}  // namespace premura
