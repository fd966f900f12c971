// SPDX-License-Identifier: Apache-2.0
#include "rules/condition.h"

#include <algorithm>

#include "rules/condition_node.h"

namespace premura {
namespace {

// One way of each node, in every combination.
std::vector<Condition::Node::Way> Combined(const ConditionNodes& nodes,
                                           bool holds) {
  std::vector<Condition::Node::Way> all(1);
  for (const auto& node : nodes) {
    std::vector<Condition::Node::Way> longer;
    const auto ways = node->Ways(holds);
    for (const auto& before : all) {
      for (const auto& way : ways) {
        if (longer.size() == Condition::Node::kMostWays) break;
        longer.push_back(before);
        longer.back().insert(longer.back().end(), way.begin(), way.end());
      }
    }
    all = std::move(longer);
  }
  return all;
}

// The ways of each node, one after the other.
std::vector<Condition::Node::Way> Joined(const ConditionNodes& nodes,
                                         bool holds) {
  std::vector<Condition::Node::Way> all;
  for (const auto& node : nodes) {
    for (auto& way : node->Ways(holds)) {
      if (all.size() < Condition::Node::kMostWays) {
        all.push_back(std::move(way));
      }
    }
  }
  return all;
}

std::string TextOf(const ConditionNodes& nodes) {
  std::string text;
  for (const auto& node : nodes) {
    if (!text.empty()) text += ", ";
    text += node->Text();
  }
  return text;
}

class AllOf final : public Condition::Node {
 public:
  explicit AllOf(ConditionNodes nodes) : nodes_(std::move(nodes)) {}

  bool Matches(const Facts& facts) const override {
    for (const auto& node : nodes_) {
      if (!node->Matches(facts)) return false;
    }
    return true;
  }
  std::optional<std::size_t> MostValues(const FieldRef& field) const override {
    std::optional<std::size_t> fewest;
    for (const auto& node : nodes_) {
      const auto most = node->MostValues(field);
      if (most) fewest = std::min(fewest.value_or(*most), *most);
    }
    return fewest;
  }
  void CollectFields(std::vector<FieldRef>* fields) const override {
    for (const auto& node : nodes_) node->CollectFields(fields);
  }
  std::vector<Way> Ways(bool holds) const override {
    return holds ? Combined(nodes_, true) : Joined(nodes_, false);
  }
  void CollectEqualities(std::vector<Equality>* equalities) const override {
    for (const auto& node : nodes_) node->CollectEqualities(equalities);
  }
  std::string Text() const override { return "{" + TextOf(nodes_) + "}"; }
  const Node* FirstFailing(const Facts& facts) const override {
    for (const auto& node : nodes_) {
      if (!node->Matches(facts)) return node->FirstFailing(facts);
    }
    return this;
  }

 private:
  const ConditionNodes nodes_;
};

class AnyOf final : public Condition::Node {
 public:
  explicit AnyOf(ConditionNodes nodes) : nodes_(std::move(nodes)) {}

  bool Matches(const Facts& facts) const override {
    for (const auto& node : nodes_) {
      if (node->Matches(facts)) return true;
    }
    return false;
  }
  std::optional<std::size_t> MostValues(const FieldRef& field) const override {
    std::size_t all = 0;
    for (const auto& node : nodes_) {
      const auto most = node->MostValues(field);
      if (!most) return std::nullopt;
      all += *most;
    }
    return all;
  }
  void CollectFields(std::vector<FieldRef>* fields) const override {
    for (const auto& node : nodes_) node->CollectFields(fields);
  }
  std::vector<Way> Ways(bool holds) const override {
    return holds ? Joined(nodes_, true) : Combined(nodes_, false);
  }
  std::string Text() const override {
    return "any_of: [" + TextOf(nodes_) + "]";
  }

 private:
  const ConditionNodes nodes_;
};

class Not final : public Condition::Node {
 public:
  explicit Not(std::unique_ptr<const Condition::Node> node)
      : node_(std::move(node)) {}

  bool Matches(const Facts& facts) const override {
    return !node_->Matches(facts);
  }
  void CollectFields(std::vector<FieldRef>* fields) const override {
    node_->CollectFields(fields);
  }
  std::vector<Way> Ways(bool holds) const override {
    return node_->Ways(!holds);
  }
  std::string Text() const override { return "not: " + node_->Text(); }

 private:
  const std::unique_ptr<const Condition::Node> node_;
};

}  // namespace

std::unique_ptr<const Condition::Node> NewAllOf(ConditionNodes nodes) {
  if (nodes.size() == 1) return std::move(nodes.front());
  return std::make_unique<AllOf>(std::move(nodes));
}

std::unique_ptr<const Condition::Node> NewAnyOf(ConditionNodes nodes) {
  if (nodes.size() == 1) return std::move(nodes.front());
  return std::make_unique<AnyOf>(std::move(nodes));
}

std::unique_ptr<const Condition::Node> NewNot(
    std::unique_ptr<const Condition::Node> node) {
  return std::make_unique<Not>(std::move(node));
}

Condition::Condition(std::shared_ptr<const Node> root)
    : root_(std::move(root)) {}

bool Condition::Matches(const Facts& facts) const {
  return root_ == nullptr || root_->Matches(facts);
}

void Condition::CollectFields(std::vector<FieldRef>* fields) const {
  if (root_ != nullptr) root_->CollectFields(fields);
}

std::optional<std::size_t> Condition::MostValues(const FieldRef& field) const {
  return root_ == nullptr ? std::nullopt : root_->MostValues(field);
}

std::vector<Equality> Condition::Equalities() const {
  std::vector<Equality> equalities;
  if (root_ != nullptr) root_->CollectEqualities(&equalities);
  return equalities;
}

bool Condition::LooksBack() const {
  std::vector<FieldRef> fields;
  CollectFields(&fields);
  return std::any_of(fields.begin(), fields.end(),
                     [](const FieldRef& field) { return field.step > 0; });
}

}  // namespace premura
