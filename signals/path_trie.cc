// SPDX-License-Identifier: Apache-2.0

#include "signals/path_trie.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace premura {

Result<std::vector<std::string>> SplitPath(std::string_view path) {
  const std::string shown = "path '" + std::string(path) + "'";
  if (path.starts_with("$.")) path.remove_prefix(2);
  std::vector<std::string> names;
  while (true) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    if (name.empty()) return Error{shown + ": a name is empty"};
    if (name.find_first_of("[]*") != name.npos) {
      return Error{shown + ": elements of a list cannot be named"};
    }
    names.emplace_back(name);
    if (dot == path.npos) return names;
    path.remove_prefix(dot + 1);
  }
}

std::uint32_t PathTrie::Add(std::span<const std::string> names) {
  static std::atomic<std::uint64_t> ids = 0;
  id_ = ++ids;
  std::vector<Node> passed = {kRoot};
  for (const std::string& name : names) {
    passed.push_back(AddChild(passed.back(), name));
  }
  constexpr std::size_t kMostJoined = 8;  // Few names in one, for few edges.
  for (std::size_t from = 0; from < names.size(); ++from) {
    const std::size_t end = std::min(names.size(), from + kMostJoined);
    std::string joined = names[from];
    for (std::size_t to = from + 1; to < end; ++to) {
      joined += "." + names[to];
      AddEdge(passed[from], joined, passed[to + 1]);
    }
  }
  std::uint32_t& slot = nodes_[passed.back()].slot;
  if (slot == kNoSlot) slot = slots_++;
  return slot;
}

PathTrie::Node PathTrie::AddChild(Node node, const std::string& name) {
  if (const Node child = Child(node, name); child != kNone) return child;
  const auto child = static_cast<Node>(nodes_.size());
  nodes_.emplace_back();
  nodes_[node].children.push_back(child);
  AddEdge(node, name, child);
  return child;
}

void PathTrie::AddEdge(Node node, const std::string& name, Node child) {
  if (Child(node, name) != kNone) return;  // Leads there already.
  NodeData& parent = nodes_[node];
  if (++parent.edges * 2 > parent.table.size()) Rehash(&parent);
  names_.push_back(name);
  Insert(&parent, {names_.back(), child});
}

void PathTrie::Rehash(NodeData* node) {
  const std::size_t size = node->table.empty() ? 8 : node->table.size() * 2;
  std::vector<Edge> old = std::exchange(node->table, std::vector<Edge>(size));
  node->mask = size - 1;
  for (const Edge& edge : old) {
    if (edge.child != kNone) Insert(node, edge);
  }
}

void PathTrie::Insert(NodeData* node, const Edge& edge) {
  std::size_t at = Hash(edge.name) & node->mask;
  while (node->table[at].child != kNone) at = (at + 1) & node->mask;
  node->table[at] = edge;
}

}  // namespace premura
