// SPDX-License-Identifier: Apache-2.0
// FoundPaths: which wanted paths a walk over one event has come by. Of members
// of one name the last counts, and with it what lies below.
//
// Senders write the members of their events in the same order again and again,
// so which path a member leads to is first guessed from the event before.
//
// Thread: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "signals/path_trie.h"

namespace premura {

class FoundPaths {
 public:
  // Another walk, of which nothing has been found. `trie` must outlive it.
  void Begin(const PathTrie& trie) {
    trie_ = &trie;
    if (id_ != trie.id()) {
      id_ = trie.id();
      slots_.assign(trie.slots(), 0);
      visited_.assign(trie.nodes(), 0);
      orders_ = std::vector<Order>(trie.nodes());
      for (PathTrie::Node node = 0; node < trie.nodes(); ++node) {
        orders_[node].node_ = node;
      }
    }
    ++walk_;
    found_.clear();
  }

  // What was learned of the members of one object, in their order.
  class Order {
   public:
    // Where the `at`-th member leads to, by its name.
    PathTrie::Node Child(const PathTrie& trie, std::size_t at,
                         std::string_view name) {
      if (at < guesses_.size() && PathTrie::Same(guesses_[at].name, name)) {
        return guesses_[at].child;
      }
      return Learn(trie, at, name);
    }

   private:
    friend class FoundPaths;
    struct Guess {
      std::string_view name;  // Of `text`.
      PathTrie::Node child = PathTrie::kNone;
      std::string text;
    };
    PathTrie::Node Learn(const PathTrie& trie, std::size_t at,
                         std::string_view name) {
      constexpr std::size_t kMost = 64;
      const PathTrie::Node child = trie.Child(node_, name);
      if (at == 0) guesses_.reserve(kMost);  // So that names stay.
      if (at == guesses_.size() && at < kMost) guesses_.emplace_back();
      if (at >= guesses_.size()) return child;
      Guess& guess = guesses_[at];
      guess.text = name;
      guess.name = guess.text;
      guess.child = child;
      return child;
    }
    PathTrie::Node node_ = PathTrie::kRoot;
    std::vector<Guess> guesses_;
  };
  // Of the object that `node` leads to.
  Order& OrderOf(PathTrie::Node node) { return orders_[node]; }

  // The walk is at a member that leads there. Answers the slot to fill, or
  // PathTrie::kNoSlot.
  std::uint32_t Come(PathTrie::Node node) {
    const bool again = visited_[node] == walk_;
    if (again) Forget(node);
    visited_[node] = walk_;
    const std::uint32_t slot = trie_->slot(node);
    if (slot == PathTrie::kNoSlot) return slot;
    slots_[slot] = walk_;
    if (!again) found_.push_back(slot);
    return slot;
  }

  const PathTrie& trie() const { return *trie_; }
  std::size_t slots() const { return slots_.size(); }
  bool Holds(std::uint32_t slot) const { return slots_[slot] == walk_; }
  // In order of appearance.
  const std::vector<std::uint32_t>& found() const { return found_; }

 private:
  // A later member of the same name takes the place of all the earlier held.
  void Forget(PathTrie::Node node) {
    if (const std::uint32_t slot = trie_->slot(node);
        slot != PathTrie::kNoSlot) {
      slots_[slot] = 0;
    }
    for (const PathTrie::Node child : trie_->children(node)) Forget(child);
  }

  const PathTrie* trie_ = nullptr;
  std::uint64_t id_ = ~std::uint64_t{0};  // Of the trie that all below is of.
  std::uint64_t walk_ = 0;
  std::vector<std::uint64_t> slots_;    // Per slot: the walk that filled it.
  std::vector<std::uint64_t> visited_;  // Per node: the walk that saw it last.
  std::vector<Order> orders_;           // Per node.
  std::vector<std::uint32_t> found_;
};

}  // namespace premura
