// SPDX-License-Identifier: Apache-2.0
// A condition is taken apart into ways in which it holds; in one way each field
// stands alone, so its values are tried one after the other.

#include "rules/witness.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "rules/condition_node.h"
#include "rules/witness_values.h"

namespace premura {
namespace {

using Term = Condition::Node::Term;
using Way = Condition::Node::Way;

// What is demanded of one field.
struct Asked {
  FieldRef field;
  std::vector<Term> terms;
  bool wanted = false;
  std::vector<Made> avoid;
};

std::vector<Way> WaysOf(const WitnessRequest::Demand& demand) {
  const Condition::Node* root = demand.condition.root();
  if (root != nullptr) return root->Ways(demand.holds);
  return demand.holds ? std::vector<Way>(1) : std::vector<Way>();
}

class Search {
 public:
  explicit Search(const WitnessRequest& request) : request_(request) {}

  std::optional<MadeFacts> From(std::size_t demand, const Way& so_far) {
    if (demand == request_.demands.size()) return Try(so_far);
    for (const Way& way : WaysOf(request_.demands[demand])) {
      if (tries_ > kMostTries) break;
      Way longer = so_far;
      longer.insert(longer.end(), way.begin(), way.end());
      if (auto found = From(demand + 1, longer)) return found;
    }
    return std::nullopt;
  }

 private:
  static constexpr int kMostTries = 4096;

  std::optional<MadeFacts> Try(const Way& way) {
    ++tries_;
    MadeFacts facts = request_.known;
    for (const Asked& asked : AskedOf(way)) {
      const auto made = Choose(asked, &facts);
      if (!made) return std::nullopt;
      facts.Set(asked.field, *made);
    }
    return facts;
  }

  std::vector<Asked> AskedOf(const Way& way) const {
    std::vector<Asked> all;
    const auto of = [&all](const FieldRef& field) -> Asked& {
      for (Asked& one : all) {
        if (SameField(one.field, field)) return one;
      }
      all.push_back({field, {}, false, {}});
      return all.back();
    };
    for (const Term& term : way)
      of(term.predicate->field).terms.push_back(term);
    for (const FieldRef& field : request_.wanted) of(field).wanted = true;
    for (const auto& [field, values] : request_.avoid) of(field).avoid = values;
    return all;
  }

  std::optional<Made> Choose(const Asked& asked, MadeFacts* facts) const {
    std::vector<Made> values = Possible(asked, *facts);
    for (Made& made : values) {
      if (Suits(asked, made, facts)) return made;
    }
    return std::nullopt;
  }

  std::vector<Made> Possible(const Asked& asked, const MadeFacts& facts) const {
    if (const Made* known = request_.known.Find(asked.field)) return {*known};
    const FieldRef::Root root = asked.field.root;
    if (root == FieldRef::Root::kTime) return {};
    if (root == FieldRef::Root::kProfile && request_.profile_known) {
      return {Made()};
    }
    std::vector<Made> values =
        ValuesToTry(asked.terms, facts, asked.avoid.size());
    values.insert(values.begin(), Made());
    return values;
  }

  static bool Suits(const Asked& asked, const Made& made, MadeFacts* facts) {
    const Value::Kind kind = made.value().kind();
    const bool named = asked.field.root == FieldRef::Root::kName ||
                       asked.field.root == FieldRef::Root::kId;
    if (asked.wanted && !made.value().present()) return false;
    if ((asked.wanted || named) && kind == Value::Kind::kList) return false;
    if (named && made.value().present() && kind != Value::Kind::kText) {
      return false;
    }
    for (const Made& other : asked.avoid) {
      if (other.Same(made)) return false;
    }
    facts->Set(asked.field, made);
    return std::all_of(asked.terms.begin(), asked.terms.end(),
                       [&](const Term& term) {
                         return term.node->Matches(*facts) == term.holds;
                       });
  }

  const WitnessRequest& request_;
  int tries_ = 0;
};

}  // namespace

struct Made::Body {
  std::string text;
  std::vector<Made> elements;
  std::vector<Value> views;
  Value value;
};

Made::Made() {
  static const auto absent = std::make_shared<const Body>();
  body_ = absent;
}

Made Made::Text(std::string text) {
  auto body = std::make_shared<Body>();
  body->text = std::move(text);
  body->value = Value::Text(body->text);
  Made made;
  made.body_ = std::move(body);
  return made;
}

Made Made::Number(double number) {
  auto body = std::make_shared<Body>();
  // Beyond, a double no longer tells one whole number from the next.
  constexpr double kExact = 9e15;
  if (std::abs(number) < kExact && std::trunc(number) == number) {
    const auto whole = static_cast<std::int64_t>(number);
    body->text = std::to_string(whole);
    body->value = Value::Integer(whole, body->text);
  } else {
    body->text = fmt::format("{}", number);
    body->value = Value::Real(number, body->text);
  }
  Made made;
  made.body_ = std::move(body);
  return made;
}

Made Made::Boolean(bool flag) {
  auto body = std::make_shared<Body>();
  body->value = Value::Boolean(flag);
  Made made;
  made.body_ = std::move(body);
  return made;
}

Made Made::List(std::vector<Made> elements) {
  auto body = std::make_shared<Body>();
  for (const Made& element : elements) body->views.push_back(element.value());
  body->elements = std::move(elements);
  body->value = Value::List(body->views);
  Made made;
  made.body_ = std::move(body);
  return made;
}

Made Made::Copy(const Value& value) {
  if (value.is_number()) return Number(value.number());
  if (value.kind() == Value::Kind::kBoolean) return Boolean(value.boolean());
  if (value.kind() == Value::Kind::kText)
    return Text(std::string(value.text()));
  return Made();
}

const Value& Made::value() const { return body_->value; }

std::string Made::Json() const {
  std::string json;
  AppendJson(value(), &json);
  return json;
}

bool Made::Same(const Made& other) const {
  std::string a, b;
  AppendIdentity(value(), &a);
  AppendIdentity(other.value(), &b);
  return a == b;
}

bool SameField(const FieldRef& a, const FieldRef& b) {
  return a.root == b.root && a.symbol == b.symbol && a.step == b.step;
}

void MadeFacts::Set(const FieldRef& field, Made made) {
  for (auto& [known, value] : all_) {
    if (!SameField(known, field)) continue;
    value = std::move(made);
    return;
  }
  all_.emplace_back(field, std::move(made));
}

const Made* MadeFacts::Find(const FieldRef& field) const {
  for (const auto& [known, made] : all_) {
    if (SameField(known, field)) return &made;
  }
  return nullptr;
}

Value MadeFacts::Get(const FieldRef& field) const {
  const Made* made = Find(field);
  return made == nullptr ? Value() : made->value();
}

std::optional<MadeFacts> FindWitness(const WitnessRequest& request) {
  return Search(request).From(0, {});
}

}  // namespace premura
