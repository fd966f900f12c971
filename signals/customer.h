// SPDX-License-Identifier: Apache-2.0
// Customer: what the rules have seen of one customer; CustomerTable: those of
// one engine that are in memory.
//
// Thread: the shard's.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/value.h"
#include "signals/detector.h"

namespace premura {

// The values of `group_by`, and the key that only equal values share.
struct Group {
  std::string key;
  struct Entry {
    std::string path;
    std::string packed;  // AppendPacked().
  };
  std::vector<Entry> entries;
  Memo memo;  // The track's.
};

// One rule's sight of one customer and group. The memo is empty while the rule
// has seen something, but nothing that it needs to remember. Small: most of
// what there is in memory are tracks.
class Track {
 public:
  // `key` is TrackKey() of the group, which is nullptr without `group_by`.
  Track(std::uint64_t key, std::unique_ptr<Group> group) : key_(key) {
    if (grouped()) {
      group_ = group.release();
    } else {
      memo_ = {};
    }
  }
  Track(Track&& other) noexcept { Swap(&other); }
  Track& operator=(Track&& other) noexcept {
    Swap(&other);
    return *this;
  }
  ~Track() {
    if (grouped()) delete group_;
  }

  // Slot in the upper half, hash of the group below.
  std::uint64_t key() const { return key_; }
  std::uint32_t slot() const { return static_cast<std::uint32_t>(key_ >> 32); }
  const Group* group() const { return grouped() ? group_ : nullptr; }
  std::string_view group_key() const {
    return grouped() ? std::string_view(group_->key) : std::string_view();
  }
  Memo& memo() { return grouped() ? group_->memo : memo_; }
  const Memo& memo() const { return grouped() ? group_->memo : memo_; }
  // nullptr if there is none.
  State* state() const { return memo().state(); }
  // Has what it remembers on its way from memory: at once, or, where that
  // takes a second step, the way to it.
  void Prefetch(int step) const {
    if (!grouped()) {
      if (step == 0) memo_.Prefetch();
    } else if (step == 0) {
      PrefetchLines(group_, sizeof(Group) / 64 + 1);
    } else {
      group_->memo.Prefetch();
    }
  }

  Timestamp newest = kUnseen;

 private:
  bool grouped() const { return static_cast<std::uint32_t>(key_) != 0; }
  void Swap(Track* other) {
    std::swap(key_, other->key_);
    std::swap(newest, other->newest);
    std::swap(memo_, other->memo_);
  }

  std::uint64_t key_ = 0;
  union {
    Memo memo_{};
    Group* group_;
  };
};

// `group` is Group::key, empty without `group_by`; only with one the lower half
// is not 0.
std::uint64_t TrackKey(std::uint32_t slot, std::string_view group);

// Numbers the detections of one track, so that no two share an id.
struct Episodes {
  std::uint64_t key = 0;
  const Group* group = nullptr;
  Timestamp latest = kUnseen;
  std::uint32_t at_latest = 0;  // So many at that instant,
  std::uint32_t before = 0;     // and so many that came for an earlier one.
};

// Nothing but the profile is known.
inline constexpr std::uint32_t kNoOrigin = ~std::uint32_t{0};

struct Customer {
  std::string name;
  std::uint32_t arrivals = 0;        // Events kept so far.
  std::uint32_t timers = 0;          // Entries in the timer queue.
  std::uint32_t origin = kNoOrigin;  // Of the newest event.
  std::uint32_t seen_day = 0;        // Of the newest event, for Silences.
  // The clock at the newest event that came very late: its tracks are older
  // than they look.
  Timestamp late = kUnseen;
  // No timer goes off before this.
  Timestamp alarm = kNever;
  Timestamp sweep = kNever;   // When it is to be looked through.
  std::uint32_t changed = 0;  // Its place in Changes, from 1; 0: none.
  bool recorded = false;      // There is a record of it.
  bool idle = false;          // Only what must not be forgotten is left.
  std::vector<Track> tracks;  // In order of key.
  // Of tracks that have had detections, in order of key and group.
  std::vector<Episodes> episodes;

  // nullptr if there is none. Faster if it is known how many slots there are:
  // the tracks are mostly spread evenly over them.
  Track* Find(std::uint64_t key, std::string_view group, std::size_t slots = 0);
  const Track* Find(std::uint64_t key, std::string_view group,
                    std::size_t slots = 0) const;
  // Has what Find() will look at first on its way.
  void PrefetchTrack(std::uint64_t key, std::size_t slots) const;
  // The track whose reminder for `due` lies in the queue.
  Track* FindReminded(std::uint64_t key, Timestamp due);
  // The track whose timer of `due` is held.
  Track* FindHeld(std::uint64_t key, Timestamp due);
  // REQUIRES: there is none yet.
  Track& Add(std::uint64_t key, std::unique_ptr<Group> group);
  // nullptr if the track has had no detection.
  const Episodes* FindEpisodes(const Track& track) const;
  // Those of a track, new ones if there are none.
  Episodes& EpisodesOf(std::uint64_t key, const Group* group);
  void DropEpisodes(const Track& track);
  // How many groups of the rule at `slot` have a track.
  std::size_t Groups(std::uint32_t slot) const;
  // Has the tracks on their way before they are looked at.
  void PrefetchTracks() const;

 private:
  std::size_t Guess(std::uint64_t key, std::size_t slots) const;
};

class CustomerTable {
 public:
  CustomerTable();
  ~CustomerTable();  // REQUIRES: the tracks' states have been deleted.

  static std::uint64_t HashOf(std::string_view name);

  // nullptr if not in memory.
  Customer* Find(std::string_view name) const {
    return Find(name, HashOf(name));
  }
  // `hash` is the name's.
  Customer* Find(std::string_view name, std::uint64_t hash) const;
  // Has on its way what Find() will look at first.
  void Prefetch(std::uint64_t hash) const;
  // Who this most likely is, without a look at the name; has that on its way.
  Customer* PrefetchCustomer(std::uint64_t hash) const;
  // Valid until Remove(). REQUIRES: not in memory.
  Customer& Add(std::string_view name);
  void Remove(Customer* customer);
  std::size_t size() const;
  void ForEach(const std::function<void(Customer&)>& visit) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace premura
