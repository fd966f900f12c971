// SPDX-License-Identifier: Apache-2.0
// One line of a condition: a field compared with literals.

#include <re2/re2.h>

#include <algorithm>
#include <bit>

#include "rules/condition_node.h"
#include "rules/fold.h"

namespace premura {
namespace {

using Op = Predicate::Op;

bool IsText(const Value& value) { return value.kind() == Value::Kind::kText; }

// The number that a value is or spells.
std::optional<Number> NumberIn(const Value& value) {
  if (value.is_number()) return NumberOf(value);
  if (IsText(value)) return ParseNumber(value.text());
  return std::nullopt;
}

bool SameText(std::string_view text, const Literal& literal, bool cased) {
  return cased ? text == literal.text : FoldedEquals(text, literal.folded);
}

// A number matches a text that spells it, and the other way round; two texts
// are compared as texts.
bool Equals(const Value& value, const Literal& literal, bool cased) {
  switch (value.kind()) {
    case Value::Kind::kText:
      if (literal.kind != Literal::Kind::kNumber) {
        return SameText(value.text(), literal, cased);
      }
      break;
    case Value::Kind::kBoolean:
      return literal.kind != Literal::Kind::kNumber &&
             SameText(value.text(), literal, cased);
    case Value::Kind::kInteger:
    case Value::Kind::kReal:
      break;
    default:
      return false;
  }
  if (!literal.number) return false;
  const auto number = NumberIn(value);
  return number && Compare(*number, *literal.number) == 0;
}

std::uint64_t KeyOf(const Number& number) {
  const auto bits = number.whole ? static_cast<std::uint64_t>(number.integer)
                                 : std::bit_cast<std::uint64_t>(number.real);
  return bits * 0x9e3779b97f4a7c15U + 1;
}

// Those of the values that Equals() takes for the literal.
void AppendKeys(const Literal& literal, std::vector<std::uint64_t>* keys) {
  if (literal.kind != Literal::Kind::kNumber) {
    keys->push_back(FoldedHash(literal.text));
  }
  if (literal.number) keys->push_back(KeyOf(*literal.number));
}

bool IsOrder(Op op) {
  return op == Op::kGt || op == Op::kGte || op == Op::kLt || op == Op::kLte;
}

bool HoldsFor(Op op, const Number& number, const Number& bound) {
  const int order = Compare(number, bound);
  switch (op) {
    case Op::kGt:
      return order > 0;
    case Op::kGte:
      return order >= 0;
    case Op::kLt:
      return order < 0;
    default:
      return order <= 0;
  }
}

bool TextHolds(Op op, std::string_view text, const Literal& literal,
               bool cased) {
  switch (op) {
    case Op::kContains:
      return cased ? text.find(literal.text) != text.npos
                   : FoldedContains(text, literal.folded);
    case Op::kStartsWith:
      return cased ? text.starts_with(literal.text)
                   : FoldedStartsWith(text, literal.folded);
    case Op::kEndsWith:
      return cased ? text.ends_with(literal.text)
                   : FoldedEndsWith(text, literal.folded);
    default:
      return re2::RE2::PartialMatch(text, *literal.regex);
  }
}

// `value` is present and no list.
bool Holds(Op op, const Value& value, const Literal& literal, bool cased) {
  switch (op) {
    case Op::kEquals:
    case Op::kNeq:
      return Equals(value, literal, cased) == (op == Op::kEquals);
    case Op::kContains:
    case Op::kStartsWith:
    case Op::kEndsWith:
    case Op::kRegex:
      return TextHolds(op, value.text(), literal, cased);
    default: {
      const auto number = NumberIn(value);
      return number && literal.number && HoldsFor(op, *number, *literal.number);
    }
  }
}

// A value of an earlier step, as if it were written in the rule.
Literal LiteralOf(const Value& value) {
  Literal literal;
  literal.text = value.text();
  literal.folded = FoldCase(literal.text);
  literal.number = NumberIn(value);
  if (value.is_number()) literal.kind = Literal::Kind::kNumber;
  if (value.kind() == Value::Kind::kBoolean) {
    literal.kind = Literal::Kind::kBoolean;
  }
  return literal;
}

// Of a list, whether one element does; of another value, whether it does.
template <typename Test>
bool AnyElement(const Value& value, const Test& test) {
  if (value.kind() != Value::Kind::kList) return value.present() && test(value);
  for (const Value& element : value.elements()) {
    if (AnyElement(element, test)) return true;
  }
  return false;
}

class PredicateNode final : public Condition::Node {
 public:
  explicit PredicateNode(Predicate predicate) : is_(std::move(predicate)) {}

  bool Matches(const Facts& facts) const override {
    const Value value = facts.Get(is_.field);
    if (is_.op == Op::kExists) return value.present() == is_.exists;
    if (!value.present()) return false;
    // `neq` with a list is "none of them", and that of one element.
    if (is_.op == Op::kNeq) {
      return AnyElement(value, [&](const Value& element) {
        return ForAll([&](const Literal& literal) {
          return HoldsForLiteral(element, literal, facts);
        });
      });
    }
    // Nearly all conditions are of one literal and one value.
    if (is_.literals.size() == 1 && value.kind() != Value::Kind::kList) {
      return HoldsForLiteral(value, is_.literals.front(), facts);
    }
    const auto matches = [&](const Literal& literal) {
      return AnyElement(value, [&](const Value& element) {
        return HoldsForLiteral(element, literal, facts);
      });
    };
    if (is_.all) return ForAll(matches);
    return std::any_of(is_.literals.begin(), is_.literals.end(), matches);
  }

  std::optional<std::size_t> MostValues(const FieldRef& field) const override {
    const bool known = is_.op == Op::kEquals && !is_.all &&
                       is_.field.root == field.root && is_.field.step == 0 &&
                       is_.field.symbol == field.symbol;
    const bool written = std::none_of(
        is_.literals.begin(), is_.literals.end(),
        [](const Literal& l) { return l.kind == Literal::Kind::kField; });
    if (!known || !written) return std::nullopt;
    return is_.literals.size();
  }

  void CollectFields(std::vector<FieldRef>* fields) const override {
    fields->push_back(is_.field);
    for (const Literal& literal : is_.literals) {
      if (literal.kind == Literal::Kind::kField) {
        fields->push_back(literal.field);
      }
    }
  }
  std::vector<Way> Ways(bool holds) const override {
    return {{{this, &is_, holds}}};
  }
  void CollectEqualities(std::vector<Equality>* equalities) const override {
    if (is_.op != Op::kEquals || is_.literals.empty() || is_.field.step != 0 ||
        is_.field.root != FieldRef::Root::kProperty) {
      return;
    }
    Equality equality{is_.field, {}};
    for (const Literal& literal : is_.literals) {
      if (literal.kind == Literal::Kind::kField) return;
      AppendKeys(literal, &equality.keys);
    }
    equalities->push_back(std::move(equality));
  }

  std::string Text() const override { return ToText(is_); }

 private:
  template <typename Test>
  bool ForAll(const Test& test) const {
    return std::all_of(is_.literals.begin(), is_.literals.end(), test);
  }

  bool HoldsForLiteral(const Value& element, const Literal& literal,
                       const Facts& facts) const {
    if (literal.kind != Literal::Kind::kField) {
      return Holds(is_.op, element, literal, is_.cased);
    }
    const Value earlier = facts.Get(literal.field);
    if (!earlier.present()) return false;
    const auto holds = [&](const Value& other) {
      if (!IsOrder(is_.op)) {
        return Holds(is_.op, element, LiteralOf(other), is_.cased);
      }
      const auto number = NumberIn(element);
      const auto bound = NumberIn(other);
      return number && bound && HoldsFor(is_.op, *number, *bound);
    };
    if (is_.op != Op::kNeq) return AnyElement(earlier, holds);
    return !AnyElement(earlier,
                       [&](const Value& other) { return !holds(other); });
  }

  const Predicate is_;
};

}  // namespace

std::unique_ptr<const Condition::Node> NewPredicate(Predicate predicate) {
  return std::make_unique<PredicateNode>(std::move(predicate));
}

void AppendEqualityKeys(const Value& value, std::vector<std::uint64_t>* keys) {
  AnyElement(value, [keys](const Value& element) {
    const bool text = IsText(element);
    if (text || element.kind() == Value::Kind::kBoolean) {
      keys->push_back(FoldedHash(element.text()));
    }
    const auto number = NumberIn(element);
    if (number) keys->push_back(KeyOf(*number));
    return false;
  });
}

}  // namespace premura
