// SPDX-License-Identifier: Apache-2.0
// What a Condition is made of: all of, any of, not, and predicates about one
// field. Made by condition_reader.cc, immutable afterwards.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/condition.h"
#include "rules/number.h"

namespace re2 {
class RE2;
}

namespace premura {

struct Predicate;

class Condition::Node {
 public:
  // A predicate, and whether it is to hold.
  struct Term {
    const Node* node = nullptr;
    const Predicate* predicate = nullptr;
    bool holds = true;
  };
  using Way = std::vector<Term>;
  // Beyond so many, ways are left out.
  static constexpr std::size_t kMostWays = 256;

  virtual ~Node() = default;
  virtual bool Matches(const Facts& facts) const = 0;
  virtual void CollectFields(std::vector<FieldRef>* fields) const = 0;
  virtual std::optional<std::size_t> MostValues(const FieldRef&) const {
    return std::nullopt;
  }
  // The ways in which it holds, or does not: in each, all terms are as said.
  virtual std::vector<Way> Ways(bool holds) const = 0;
  virtual void CollectEqualities(std::vector<Equality>*) const {}
  // As one would write it, on one line.
  virtual std::string Text() const = 0;
  // The part to blame. REQUIRES: it does not match.
  virtual const Node* FirstFailing(const Facts&) const { return this; }
};

using ConditionNodes = std::vector<std::unique_ptr<const Condition::Node>>;

std::unique_ptr<const Condition::Node> NewAllOf(ConditionNodes nodes);
std::unique_ptr<const Condition::Node> NewAnyOf(ConditionNodes nodes);
std::unique_ptr<const Condition::Node> NewNot(
    std::unique_ptr<const Condition::Node> node);

// What a field is compared with: what is written, ready to be compared, or a
// field of an earlier step.
struct Literal {
  enum class Kind { kText, kNumber, kBoolean, kField };

  Kind kind = Kind::kText;
  std::string text;              // As written.
  std::string folded;            // Without case.
  std::optional<Number> number;  // That the text spells.
  FieldRef field;                // Of kField.
  std::shared_ptr<const re2::RE2> regex;
};

struct Predicate {
  enum class Op {
    kEquals,
    kNeq,
    kContains,
    kStartsWith,
    kEndsWith,
    kRegex,
    kGt,
    kGte,
    kLt,
    kLte,
    kExists
  };

  FieldRef field;
  Op op = Op::kEquals;
  bool cased = false;
  bool all = false;
  bool exists = true;  // Of kExists.
  std::vector<Literal> literals;
};

// "amount|gte: 5", "page: [/a, /b]".
std::string ToText(const Predicate& predicate);

std::unique_ptr<const Condition::Node> NewPredicate(Predicate predicate);

}  // namespace premura
