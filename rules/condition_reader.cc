// SPDX-License-Identifier: Apache-2.0
// From `field|modifiers: value` to Condition nodes.

#include <fmt/format.h>
#include <re2/re2.h>

#include <array>

#include "rules/claims.h"
#include "rules/comparison_sign.h"
#include "rules/condition.h"
#include "rules/condition_node.h"
#include "rules/field_reader.h"
#include "rules/fold.h"
#include "rules/foreign_words.h"
#include "rules/literal_advice.h"

namespace premura {
namespace {

using Op = Predicate::Op;

// A regular expression may use so much memory while it matches.
constexpr std::int64_t kRegexMemory = 2 << 20;

// For a message: a long text is nothing to read.
std::string Shortened(const std::string& text) {
  constexpr std::size_t kLongest = 100;
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

const std::vector<std::string>& Modifiers() {
  static const std::vector<std::string> modifiers = {
      "contains", "startswith", "endswith", "re",     "gt",    "gte",
      "lt",       "lte",        "neq",      "exists", "cased", "all"};
  return modifiers;
}

constexpr std::array<Op, 10> kOps = {
    Op::kContains, Op::kStartsWith, Op::kEndsWith, Op::kRegex, Op::kGt,
    Op::kGte,      Op::kLt,         Op::kLte,      Op::kNeq,   Op::kExists};

bool ComparesNumbers(Op op) {
  return op == Op::kGt || op == Op::kGte || op == Op::kLt || op == Op::kLte;
}
bool ComparesText(Op op) {
  return op == Op::kContains || op == Op::kStartsWith || op == Op::kEndsWith ||
         op == Op::kRegex;
}

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

class Reader {
 public:
  Reader(Mapping mapping, const ConditionContext& context)
      : mapping_(std::move(mapping)), context_(context) {}

  std::unique_ptr<const Condition::Node> Read() {
    ConditionNodes nodes;
    for (const auto& [key, value] : mapping_.Entries()) {
      auto node = ReadEntry(key, value);
      if (node != nullptr) nodes.push_back(std::move(node));
    }
    return nodes.empty() ? nullptr : NewAllOf(std::move(nodes));
  }

  // Of what Read() has read.
  void Check() {
    if (!context_.names.empty()) ClaimNames();
    WarnOfContradictions(claims_);
  }

  std::unique_ptr<const Condition::Node> ReadEquals(const FieldRef& field,
                                                    const std::string& key) {
    Predicate predicate;
    predicate.field = field;
    if (!ReadLiterals(key, mapping_.Get(key), &predicate)) return nullptr;
    return NewPredicate(std::move(predicate));
  }

 private:
  // `event` beside `where` is a claim like those in it.
  void ClaimNames() {
    Claims::Claim claim;
    claim.key = "event";
    claim.at = mapping_.node();
    claim.predicate.field.root = FieldRef::Root::kName;
    claim.predicate.cased = true;
    for (const SymbolId name : context_.names) {
      Literal literal;
      literal.text = context_.symbols->names.Text(name);
      literal.folded = FoldCase(literal.text);
      literal.number = ParseNumber(literal.text);
      claim.predicate.literals.push_back(std::move(literal));
    }
    claims_.all.insert(claims_.all.begin(), std::move(claim));
  }

  std::unique_ptr<const Condition::Node> ReadEntry(const std::string& key,
                                                   const Node& value) {
    if (key == "any_of") return ReadAnyOf(value);
    if (key == "not") return ReadNot(value);
    return ReadPredicate(key, value);
  }

  std::unique_ptr<const Condition::Node> ReadNested(const Node& value,
                                                    const char* what,
                                                    Claims* claims) {
    Reader reader(value.AsMapping(what), context_);
    auto node = reader.Read();
    *claims = std::move(reader.claims_);
    const bool empty = value.kind() == Node::Kind::kMapping &&
                       value.AsMapping(what).Entries().empty();
    if (empty) value.Complain(fmt::format("`{}` is empty", what));
    return node;
  }

  std::unique_ptr<const Condition::Node> ReadNot(const Node& value) {
    auto node = ReadNested(value, "not", &claims_.none.emplace_back());
    return node == nullptr ? nullptr : NewNot(std::move(node));
  }

  std::unique_ptr<const Condition::Node> ReadAnyOf(const Node& value) {
    ConditionNodes nodes;
    const auto elements = value.AsList("any_of");
    if (value.kind() == Node::Kind::kSequence && elements.empty()) {
      value.Complain("`any_of` is empty");
    }
    std::vector<Claims> branches;
    for (const Node& element : elements) {
      auto node = ReadNested(element, "any_of", &branches.emplace_back());
      if (node != nullptr) nodes.push_back(std::move(node));
    }
    claims_.any.push_back(std::move(branches));
    return nodes.empty() ? nullptr : NewAnyOf(std::move(nodes));
  }

  std::unique_ptr<const Condition::Node> ReadPredicate(const std::string& key,
                                                       const Node& value) {
    std::vector<std::string> parts = Split(key, '|');
    Predicate predicate;
    predicate.field = ReadFieldRef(parts[0], mapping_.KeyNode(key), context_);
    MentionField(predicate.field, key, mapping_.KeyNode(key),
                 Mention::What::kField);
    if (const auto sign = SignAtEnd(parts[0])) {
      mapping_.KeyNode(key).Warn(
          fmt::format("`{}` is the name of a field here", parts[0]),
          fmt::format("write `{}{}{}`", sign->rest,
                      sign->modifier.empty() ? "" : "|", sign->modifier));
    }
    parts.erase(parts.begin());
    if (!ReadModifiers(key, parts, &predicate)) return nullptr;
    if (predicate.op == Op::kExists) {
      const auto exists = value.AsBool(key);
      if (!exists) return nullptr;
      predicate.exists = *exists;
      claims_.all.push_back({predicate, key, value});
      return NewPredicate(std::move(predicate));
    }
    if (!ReadLiterals(key, value, &predicate)) return nullptr;
    claims_.all.push_back({predicate, key, value});
    return NewPredicate(std::move(predicate));
  }

  bool ReadModifiers(const std::string& key,
                     const std::vector<std::string>& words,
                     Predicate* predicate) {
    std::string op;
    for (const std::string& word : words) {
      const auto& known = Modifiers();
      const auto found = std::find(known.begin(), known.end(), word);
      const auto at = static_cast<std::size_t>(found - known.begin());
      if (found == known.end()) {
        return Refuse(key, fmt::format("unknown modifier `{}`", word),
                      Suggest(word));
      }
      if (word == "cased") {
        predicate->cased = true;
      } else if (word == "all") {
        predicate->all = true;
      } else if (!op.empty()) {
        return Refuse(key,
                      fmt::format("`{}` and `{}` exclude each other", op, word),
                      "write two lines: all that is listed must hold");
      } else {
        op = word;
        predicate->op = kOps[at];
      }
    }
    return CheckModifiers(key, op, *predicate);
  }

  bool CheckModifiers(const std::string& key, const std::string& op,
                      const Predicate& predicate) {
    const bool no_case =
        ComparesNumbers(predicate.op) || predicate.op == Op::kExists;
    if (predicate.cased && no_case) {
      return Refuse(key, fmt::format("`{}` knows no case", op),
                    "remove `cased`");
    }
    const bool no_list =
        predicate.op == Op::kNeq || predicate.op == Op::kExists;
    if (predicate.all && no_list) {
      return Refuse(key, fmt::format("`all` says nothing with `{}`", op),
                    predicate.op == Op::kNeq
                        ? "`neq` with a list already means none of them"
                        : "remove it");
    }
    return true;
  }

  bool ReadLiterals(const std::string& key, const Node& value,
                    Predicate* predicate) {
    if (value.IsNull()) {
      const bool compares = key.find_first_of("<>=") != key.npos;
      value.Complain(fmt::format("`{}` is empty", key),
                     compares
                         ? "to compare numbers write `amount|gt: 5`"
                         : fmt::format("for a field that is not there write "
                                       "`{}|exists: false`",
                                       predicate->field.path));
      return false;
    }
    std::vector<Node> elements = {value};
    if (value.kind() == Node::Kind::kSequence) elements = value.AsList(key);
    if (elements.empty()) {
      value.Complain(fmt::format("`{}` is empty", key));
      return false;
    }
    for (const Node& element : elements) {
      auto literal = ReadLiteral(key, element, *predicate);
      if (!literal) return false;
      if (predicate->op == Op::kEquals &&
          literal->kind != Literal::Kind::kField) {
        MentionField(predicate->field, literal->text, element,
                     Mention::What::kValue);
      }
      predicate->literals.push_back(*std::move(literal));
    }
    return true;
  }

  std::optional<Literal> ReadLiteral(const std::string& key, const Node& node,
                                     const Predicate& predicate) {
    if (node.kind() != Node::Kind::kScalar || node.IsNull()) {
      node.Complain(
          fmt::format("`{}` must be a text, a number, true or false", key),
          node.kind() == Node::Kind::kMapping ? HintForMapping(key) : "");
      return std::nullopt;
    }
    Literal literal;
    literal.text = *node.AsText(key);
    if (predicate.op == Op::kRegex) return ReadRegex(node, predicate, literal);
    if (IsLookBack(literal.text)) {
      const auto field = ReadLookBack(literal.text, node, context_);
      if (!field) return std::nullopt;
      literal.kind = Literal::Kind::kField;
      literal.field = *field;
      return literal;
    }
    literal.folded = FoldCase(literal.text);
    literal.number = ParseNumber(literal.text);
    const bool boolean = literal.text == "true" || literal.text == "false";
    if (boolean && !node.IsQuoted()) literal.kind = Literal::Kind::kBoolean;
    if (literal.number && !node.IsQuoted()) {
      literal.kind = Literal::Kind::kNumber;
    }
    return CheckLiteral(key, node, predicate, std::move(literal));
  }

  std::optional<Literal> CheckLiteral(const std::string& key, const Node& node,
                                      const Predicate& predicate,
                                      Literal literal) {
    if (ComparesNumbers(predicate.op) && !literal.number) {
      node.Complain(fmt::format("`{}` compares numbers, and `{}` is none", key,
                                literal.text));
      return std::nullopt;
    }
    if (ComparesText(predicate.op) && literal.text.empty()) {
      node.Complain(fmt::format("`{}` with an empty text always holds", key));
      return std::nullopt;
    }
    WarnOfLiteral(key, node, predicate, literal, context_.steps);
    return literal;
  }

  std::optional<Literal> ReadRegex(const Node& node, const Predicate& predicate,
                                   Literal literal) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(predicate.cased);
    options.set_max_mem(kRegexMemory);
    const auto regex = std::make_shared<re2::RE2>(literal.text, options);
    if (!regex->ok()) {
      node.Complain(
          fmt::format("`{}` is no regular expression: {}",
                      Shortened(literal.text), Shortened(regex->error())),
          "the syntax is RE2's");
      return std::nullopt;
    }
    literal.regex = regex;
    return literal;
  }

  // For those who compare rules with events.
  void MentionField(const FieldRef& field, const std::string& text,
                    const Node& at, Mention::What what) {
    if (context_.mentions == nullptr || field.step > 0) return;
    const bool name = field.root == FieldRef::Root::kName;
    if (name && what == Mention::What::kValue) {
      context_.mentions->push_back(
          {Mention::What::kEvent, text, 0, {}, at.position()});
    }
    if (field.root != FieldRef::Root::kProperty || field.symbol == 0) return;
    context_.mentions->push_back(
        {what, text, field.symbol, context_.names, at.position()});
  }

  std::string Suggest(const std::string& word) const {
    if (const char* meant = ModifierMeant(word)) return meant;
    const std::string nearest = Nearest(word, Modifiers());
    if (!nearest.empty()) return fmt::format("did you mean `{}`?", nearest);
    return fmt::format("the modifiers are {}", fmt::join(Modifiers(), " "));
  }

  bool Refuse(const std::string& key, std::string message, std::string hint) {
    mapping_.ComplainAtKey(key, std::move(message), std::move(hint));
    return false;
  }

  Mapping mapping_;
  const ConditionContext& context_;
  Claims claims_;
};

}  // namespace

Condition ReadCondition(Mapping mapping, const ConditionContext& context) {
  Reader reader(std::move(mapping), context);
  auto node = reader.Read();
  reader.Check();
  return Condition(std::move(node));
}

Condition ReadEquals(const FieldRef& field, Mapping mapping,
                     const std::string& key, const ConditionContext& context) {
  return Condition(Reader(std::move(mapping), context).ReadEquals(field, key));
}

}  // namespace premura
