// SPDX-License-Identifier: Apache-2.0
// Conditions as one would write them, to tell people which does not hold.

#include "rules/condition_node.h"

namespace premura {
namespace {

using Op = Predicate::Op;

const char* Modifier(Op op) {
  switch (op) {
    case Op::kEquals:
      return "";
    case Op::kNeq:
      return "|neq";
    case Op::kContains:
      return "|contains";
    case Op::kStartsWith:
      return "|startswith";
    case Op::kEndsWith:
      return "|endswith";
    case Op::kRegex:
      return "|re";
    case Op::kGt:
      return "|gt";
    case Op::kGte:
      return "|gte";
    case Op::kLt:
      return "|lt";
    case Op::kLte:
      return "|lte";
    case Op::kExists:
      return "|exists";
  }
  return "";
}

std::string TextOf(const Literal& literal) {
  return literal.kind == Literal::Kind::kField ? literal.field.path
                                               : literal.text;
}

}  // namespace

std::string ToText(const Predicate& predicate) {
  std::string text = predicate.field.path + Modifier(predicate.op);
  if (predicate.all) text += "|all";
  if (predicate.cased) text += "|cased";
  text += ": ";
  if (predicate.op == Op::kExists) {
    return text + (predicate.exists ? "true" : "false");
  }
  if (predicate.literals.size() == 1)
    return text + TextOf(predicate.literals[0]);
  text += "[";
  for (const Literal& literal : predicate.literals) {
    if (!text.ends_with("[")) text += ", ";
    text += TextOf(literal);
  }
  return text + "]";
}

}  // namespace premura
