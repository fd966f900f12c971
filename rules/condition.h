// SPDX-License-Identifier: Apache-2.0
// Condition: what `where:` and `only_for:` say, compiled. LANGUAGE.md, "Which
// events", is its definition.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/document.h"
#include "rules/mention.h"
#include "rules/symbols.h"

namespace premura {

// A property that a condition needs to have one of these values, as numbers
// that equal values share (AppendEqualityKeys()). Different ones may share one
// too: whoever finds a key asks the condition itself.
struct Equality {
  FieldRef field;
  std::vector<std::uint64_t> keys;
};

// Immutable, cheap to copy, thread-safe. A default Condition always holds.
class Condition {
 public:
  class Node;

  Condition() = default;
  explicit Condition(std::shared_ptr<const Node> root);

  bool Matches(const Facts& facts) const;
  bool always() const { return root_ == nullptr; }

  // The fields it looks at, in the order written; `$first.x` with its step.
  void CollectFields(std::vector<FieldRef>* fields) const;
  // How many values `field` can have where this holds, written in one way;
  // nullopt: any number.
  std::optional<std::size_t> MostValues(const FieldRef& field) const;
  // Each of them has to be met, for an index over many conditions.
  std::vector<Equality> Equalities() const;
  // It looks back at an earlier step of a sequence.
  bool LooksBack() const;
  // How it is made; nullptr if it always holds.
  const Node* root() const { return root_.get(); }

 private:
  std::shared_ptr<const Node> root_;
};

struct ConditionContext {
  Symbols* symbols;
  // A field without a root is the profile's (`only_for: {tier: ..}`) instead
  // of the event's.
  bool profile = false;
  // Names given by `as`, in order; `$name.field` is refused for others.
  std::vector<std::string> steps;
  // The events it is about, if they are named.
  std::vector<SymbolId> names{};
  Mentions* mentions = nullptr;  // Those of the condition are added.
};

// Reads a mapping of `field|modifiers: value`; mistakes go to its document.
Condition ReadCondition(Mapping mapping, const ConditionContext& context);

// That `field` has the value, or one of the values, that stand at `key`.
// REQUIRES: the key exists.
Condition ReadEquals(const FieldRef& field, Mapping mapping,
                     const std::string& key, const ConditionContext& context);

// Reads one field path ("page", "properties.page", "customer.tier", "event").
// Mistakes are recorded at `at`.
FieldRef ReadFieldRef(const std::string& text, const Node& at,
                      const ConditionContext& context);

// The keys by which `value`, or an element of it, equals what Equality asks.
void AppendEqualityKeys(const Value& value, std::vector<std::uint64_t>* keys);

}  // namespace premura
