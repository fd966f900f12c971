// SPDX-License-Identifier: Apache-2.0
// PathTrie: the paths that are wanted of an event, so that one walk over its
// JSON finds them all and passes over the rest.
//
// Thread-safe to read once built.

#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace premura {

// "context.groupId" to its names; "$." in front may be written. Fails on an
// empty name and on what looks like the index of a list.
Result<std::vector<std::string>> SplitPath(std::string_view path);

class PathTrie {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = 0;  // No node's child is the root.

 private:
  struct Edge {
    std::string_view name;
    Node child = kNone;
  };

  // Of texts at most twice as long as a Word.
  template <typename Word>
  static bool SameEnds(std::string_view a, std::string_view b) {
    const std::size_t tail = a.size() - sizeof(Word);
    return ((Load<Word>(a.data()) ^ Load<Word>(b.data())) |
            (Load<Word>(a.data() + tail) ^ Load<Word>(b.data() + tail))) == 0;
  }
  template <typename Word>
  static Word Load(const char* bytes) {
    Word word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
  }

  static std::size_t Hash(std::string_view name) {
    if (name.empty()) return 0;
    const auto byte = [&name](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(name[at]));
    };
    return name.size() * 7 + byte(0) * 31 + byte(name.size() / 2) * 17 +
           byte(name.size() - 1) * 131;
  }

 public:
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};

  PathTrie() : nodes_(1) {}
  PathTrie(PathTrie&&) = default;
  PathTrie& operator=(PathTrie&&) = default;

  // As ==, without a call for names of usual length.
  static bool Same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    if (a.size() > 2 * sizeof(std::uint64_t)) return a == b;
    if (a.size() >= sizeof(std::uint64_t)) return SameEnds<std::uint64_t>(a, b);
    if (a.size() >= sizeof(std::uint32_t)) return SameEnds<std::uint32_t>(a, b);
    return a == b;
  }

  // The number of this path, counted from 0; the same path, the same number.
  // A name that holds dots itself ("http.status_code") leads where the names
  // between them lead, eight at most.
  // REQUIRES: !names.empty().
  std::uint32_t Add(std::span<const std::string> names);

  // No two tries have the same, nor has one before and after an Add().
  std::uint64_t id() const { return id_; }
  std::size_t nodes() const { return nodes_.size(); }
  std::size_t slots() const { return slots_; }
  std::uint32_t slot(Node node) const { return nodes_[node].slot; }
  bool has_children(Node node) const { return !nodes_[node].children.empty(); }
  const std::vector<Node>& children(Node node) const {
    return nodes_[node].children;
  }

  // The children of one node, for as long as the trie is not added to.
  class Children {
   public:
    // kNone if no wanted path goes there.
    Node Find(std::string_view name) const {
      if (table_ == nullptr) return kNone;
      for (std::size_t at = Hash(name) & mask_;; at = (at + 1) & mask_) {
        const Edge& edge = table_[at];
        if (edge.child == kNone || Same(edge.name, name)) return edge.child;
      }
    }

   private:
    friend class PathTrie;
    const Edge* table_ = nullptr;
    std::size_t mask_ = 0;
  };
  Children ChildrenOf(Node node) const {
    Children children;
    if (!nodes_[node].table.empty())
      children.table_ = nodes_[node].table.data();
    children.mask_ = nodes_[node].mask;
    return children;
  }
  Node Child(Node node, std::string_view name) const {
    return ChildrenOf(node).Find(name);
  }

 private:
  struct NodeData {
    std::uint32_t slot = kNoSlot;
    std::size_t mask = 0;
    std::size_t edges = 0;
    std::vector<Edge> table;  // Open addressing, at most half full.
    std::vector<Node> children;
  };

  Node AddChild(Node node, const std::string& name);
  void AddEdge(Node node, const std::string& name, Node child);
  void Rehash(NodeData* node);
  static void Insert(NodeData* node, const Edge& edge);

  std::vector<NodeData> nodes_;
  std::deque<std::string> names_;  // Edges point into it.
  std::uint32_t slots_ = 0;
  std::uint64_t id_ = 0;
};

}  // namespace premura
