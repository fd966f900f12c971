// SPDX-License-Identifier: Apache-2.0
#include "rules/witness_values.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "rules/regex_sample.h"

namespace premura {
namespace {

using Op = Predicate::Op;
using Term = Condition::Node::Term;

Made Itself(const Literal& literal) {
  switch (literal.kind) {
    case Literal::Kind::kNumber:
      return Made::Number(literal.number->AsDouble());
    case Literal::Kind::kBoolean:
      return Made::Boolean(literal.text == "true");
    default:
      return Made::Text(literal.text);
  }
}

class Values {
 public:
  Values(const Facts& facts, std::size_t variety)
      : facts_(facts), variety_(variety) {}

  void Read(const Term& term) {
    all_wanted_ |= term.predicate->all;
    // Each may shut out one.
    variety_ += term.predicate->literals.size();
    for (const Literal& literal : term.predicate->literals) {
      if (literal.kind == Literal::Kind::kField) {
        ReadEarlier(facts_.Get(literal.field));
        continue;
      }
      if (literal.number) numbers_.push_back(literal.number->AsDouble());
      ReadText(*term.predicate, literal);
    }
  }

  std::vector<Made> All() {
    std::vector<Made> all = exact_;
    for (const std::string& text : Texts()) all.push_back(Made::Text(text));
    AddNumbers(&all);
    for (std::size_t i = 1; i <= variety_ + 1; ++i) {
      all.push_back(Made::Number(static_cast<double>(i)));
    }
    all.push_back(Made::Text("something"));
    all.push_back(Made::Boolean(true));
    all.push_back(Made::Boolean(false));
    if (all_wanted_) all.push_back(Made::List(exact_));
    return all;
  }

 private:
  void ReadEarlier(const Value& value) {
    if (value.is_number()) numbers_.push_back(value.number());
    if (value.present()) exact_.push_back(Made::Copy(value));
  }

  void ReadText(const Predicate& predicate, const Literal& literal) {
    switch (predicate.op) {
      case Op::kStartsWith:
        starts_.push_back(literal.text);
        break;
      case Op::kEndsWith:
        ends_.push_back(literal.text);
        break;
      case Op::kContains:
        insides_.push_back(literal.text);
        break;
      case Op::kRegex:
        for (std::string& text : SampleRegex(literal.text)) {
          insides_.push_back(std::move(text));
        }
        break;
      default:
        exact_.push_back(Itself(literal));
    }
  }

  // A beginning, something inside or all that is, an end: any may be missing.
  std::vector<std::string> Texts() const {
    std::vector<std::string> insides = insides_;
    std::string together;
    for (const std::string& inside : insides_) together += inside;
    if (insides_.size() > 1) insides.push_back(together);
    std::vector<std::string> texts;
    for (const std::string& start : OrNothing(starts_)) {
      for (const std::string& inside : OrNothing(insides)) {
        for (const std::string& end : OrNothing(ends_)) {
          AddVaried(start + inside, end, &texts);
        }
      }
    }
    return texts;
  }

  static std::vector<std::string> OrNothing(std::vector<std::string> texts) {
    texts.emplace_back();
    return texts;
  }

  void AddVaried(const std::string& start, const std::string& end,
                 std::vector<std::string>* texts) const {
    if (start.empty() && end.empty()) return;
    texts->push_back(start + end);
    for (std::size_t i = 1; i <= variety_ + 1; ++i) {
      texts->push_back(start + std::to_string(i) + end);
    }
  }

  void AddNumbers(std::vector<Made>* all) {
    std::sort(numbers_.begin(), numbers_.end());
    for (std::size_t i = 0; i + 1 < numbers_.size(); ++i) {
      all->push_back(Made::Number((numbers_[i] + numbers_[i + 1]) / 2));
    }
    for (const double number : numbers_) {
      all->push_back(Made::Number(number));
      const double step = StepAt(number);
      for (std::size_t i = 1; i <= variety_ + 1; ++i) {
        AddFinite(number + static_cast<double>(i) * step, all);
        AddFinite(number - static_cast<double>(i) * step, all);
      }
    }
  }

  // 1, or where that is lost, what makes another number.
  static double StepAt(double number) {
    const double size = std::abs(number);
    return std::max(1.0, size - std::nextafter(size, 0.0));
  }

  // JSON has no other numbers.
  static void AddFinite(double number, std::vector<Made>* all) {
    if (std::isfinite(number)) all->push_back(Made::Number(number));
  }

  const Facts& facts_;
  std::size_t variety_;
  std::vector<Made> exact_;
  std::vector<std::string> starts_, insides_, ends_;
  std::vector<double> numbers_;
  bool all_wanted_ = false;
};

}  // namespace

std::vector<Made> ValuesToTry(const std::vector<Term>& terms,
                              const Facts& facts, std::size_t variety) {
  Values values(facts, variety);
  for (const Term& term : terms) values.Read(term);
  return values.All();
}

}  // namespace premura
