// SPDX-License-Identifier: Apache-2.0
#include "rules/mismatch.h"

#include <algorithm>

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

std::string ToText(const Condition& condition) {
  return condition.always() ? "" : condition.root()->Text();
}

std::optional<Mismatch> FirstMismatch(const Condition& condition,
                                      const Facts& facts) {
  if (condition.Matches(facts)) return std::nullopt;
  const Condition::Node* const failing = condition.root()->FirstFailing(facts);
  Mismatch mismatch;
  mismatch.wanted = failing->Text();
  std::vector<FieldRef> fields;
  failing->CollectFields(&fields);
  for (const FieldRef& field : fields) {
    std::string json;
    const Value value = facts.Get(field);
    if (value.kind() != Value::Kind::kAbsent) AppendJson(value, &json);
    std::pair<std::string, std::string> one(field.path, std::move(json));
    if (std::find(mismatch.found.begin(), mismatch.found.end(), one) ==
        mismatch.found.end()) {
      mismatch.found.push_back(std::move(one));
    }
  }
  return mismatch;
}

}  // namespace premura
