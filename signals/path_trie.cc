// SPDX-License-Identifier: Apache-2.0

#include "signals/path_trie.h"

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
  Node node = kRoot;
  for (const std::string& name : names) node = AddChild(node, name);
  std::uint32_t& slot = nodes_[node].slot;
  if (slot == kNoSlot) slot = slots_++;
  return slot;
}

PathTrie::Node PathTrie::AddChild(Node node, const std::string& name) {
  if (const Node child = Child(node, name); child != kNone) return child;
  const auto child = static_cast<Node>(nodes_.size());
  nodes_.emplace_back();
  NodeData& parent = nodes_[node];
  parent.children.push_back(child);
  if (parent.children.size() * 2 > parent.table.size()) Rehash(&parent);
  names_.push_back(name);
  Insert(&parent, {names_.back(), child});
  return child;
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
