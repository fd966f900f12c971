// SPDX-License-Identifier: Apache-2.0
#include "rules/claims.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "rules/fold.h"

namespace premura {
namespace {

using Claim = Claims::Claim;
using Op = Predicate::Op;

bool SameField(const FieldRef& a, const FieldRef& b) {
  return a.root == b.root && a.symbol == b.symbol && a.step == b.step;
}

bool IsLower(Op op) { return op == Op::kGt || op == Op::kGte; }
bool IsUpper(Op op) { return op == Op::kLt || op == Op::kLte; }

// What is compared with another event cannot be known, and a list of which all
// must hold is about lists.
bool IsPlain(const Predicate& predicate) {
  const bool looks_back = std::any_of(
      predicate.literals.begin(), predicate.literals.end(),
      [](const Literal& l) { return l.kind == Literal::Kind::kField; });
  return !looks_back && !(predicate.all && predicate.literals.size() > 1);
}

// Whether some value of a field equals both.
bool MayBeSame(const Literal& a, const Literal& b) {
  if (a.number && b.number) return Compare(*a.number, *b.number) == 0;
  return a.folded == b.folded;
}

// Whether whatever equals `value` equals `other` too. A number has many
// spellings, of which a text is one: the text "5.0" equals 5 but not "5".
bool MustBeSame(const Literal& value, const Literal& other) {
  const bool number = other.kind == Literal::Kind::kNumber;
  if (value.number && number) return MayBeSame(value, other);
  return value.kind != Literal::Kind::kNumber && value.folded == other.folded;
}

// Whether a number in the field can be within `bound`, one of a list.
bool Within(const Number& number, const Predicate& bound) {
  return std::any_of(bound.literals.begin(), bound.literals.end(),
                     [&](const Literal& limit) {
                       const int order = Compare(number, *limit.number);
                       if (order == 0)
                         return bound.op == Op::kGte || bound.op == Op::kLte;
                       return IsLower(bound.op) == (order > 0);
                     });
}

bool TextFits(const Literal& value, const Predicate& other,
              const Literal& part) {
  switch (other.op) {
    case Op::kContains:
      return value.folded.find(part.folded) != value.folded.npos;
    case Op::kStartsWith:
      return value.folded.starts_with(part.folded);
    case Op::kEndsWith:
      return value.folded.ends_with(part.folded);
    default:
      return re2::RE2::PartialMatch(value.text, *part.regex);
  }
}

// Whether a field that is `value` can meet `other`: yes where it depends on
// case or on how a number is spelled.
bool CanMeet(const Literal& value, bool cased, const Predicate& other) {
  const auto may = [&](const Literal& l) { return MayBeSame(value, l); };
  const auto must = [&](const Literal& l) { return MustBeSame(value, l); };
  const bool case_open = other.cased && !cased;
  switch (other.op) {
    case Op::kEquals:
      return std::any_of(other.literals.begin(), other.literals.end(), may);
    case Op::kNeq:
      return case_open ||
             std::none_of(other.literals.begin(), other.literals.end(), must);
    case Op::kGt:
    case Op::kGte:
    case Op::kLt:
    case Op::kLte:
      return value.number && Within(*value.number, other);
    case Op::kExists:
      return other.exists;
    default:
      break;
  }
  if (value.number || case_open) return true;
  return std::any_of(
      other.literals.begin(), other.literals.end(),
      [&](const Literal& part) { return TextFits(value, other, part); });
}

bool EqualsAndMeets(const Predicate& equals, const Predicate& other) {
  return std::any_of(
      equals.literals.begin(), equals.literals.end(),
      [&](const Literal& l) { return CanMeet(l, equals.cased, other); });
}

bool BoundsLeaveRoom(const Predicate& lower, const Predicate& upper) {
  return std::any_of(
      lower.literals.begin(), lower.literals.end(), [&](const Literal& from) {
        return std::any_of(
            upper.literals.begin(), upper.literals.end(),
            [&](const Literal& to) {
              const int order = Compare(*from.number, *to.number);
              return order < 0 || (order == 0 && lower.op == Op::kGte &&
                                   upper.op == Op::kLte);
            });
      });
}

// Two beginnings (or ends) of one text: one is the beginning of the other.
bool BothFit(const Predicate& a, const Predicate& b) {
  const auto fits = [&](const std::string& x, const std::string& y) {
    return a.op == Op::kStartsWith ? x.starts_with(y) : x.ends_with(y);
  };
  for (const Literal& x : a.literals) {
    for (const Literal& y : b.literals) {
      if (fits(x.folded, y.folded) || fits(y.folded, x.folded)) return true;
    }
  }
  return false;
}

// Whether one value of a field can meet both.
bool GoTogether(const Predicate& a, const Predicate& b) {
  if (a.op == Op::kExists || b.op == Op::kExists) {
    const bool a_absent = a.op == Op::kExists && !a.exists;
    const bool b_absent = b.op == Op::kExists && !b.exists;
    return a_absent == b_absent;
  }
  if (!IsPlain(a) || !IsPlain(b)) return true;
  if (a.op == Op::kEquals) return EqualsAndMeets(a, b);
  if (b.op == Op::kEquals) return EqualsAndMeets(b, a);
  if (IsLower(a.op) && IsUpper(b.op)) return BoundsLeaveRoom(a, b);
  if (IsUpper(a.op) && IsLower(b.op)) return BoundsLeaveRoom(b, a);
  const bool ends = a.op == Op::kStartsWith || a.op == Op::kEndsWith;
  return !ends || a.op != b.op || BothFit(a, b);
}

void Warn(const Claim& before, const Claim& claim) {
  const bool bounds =
      before.predicate.op != Op::kEquals &&
      (IsLower(claim.predicate.op) || IsUpper(claim.predicate.op));
  if (bounds && before.predicate.op != Op::kExists) {
    claim.at.Warn(fmt::format("no value of `{}` is within these bounds",
                              claim.predicate.field.path),
                  "this never holds");
    return;
  }
  claim.at.Warn(
      before.key == claim.key
          ? fmt::format("`{}` is asked for twice, and both cannot be true",
                        claim.key)
          : fmt::format("`{}` and `{}` cannot both be true", before.key,
                        claim.key),
      "this never holds");
}

class Checker {
 public:
  // True if the claims cannot hold beside those that are held already.
  bool Check(const Claims& claims) {
    const std::size_t before = held_.size();
    bool never = false;
    for (const Claim& claim : claims.all) never = Hold(claim) || never;
    for (const auto& branches : claims.any) {
      never = CheckBranches(branches) || never;
    }
    for (const Claims& none : claims.none) CheckNone(none);
    held_.resize(before);
    return never;
  }

 private:
  bool Hold(const Claim& claim) {
    const auto against =
        std::find_if(held_.begin(), held_.end(), [&](const Claim* before) {
          return SameField(before->predicate.field, claim.predicate.field) &&
                 !GoTogether(before->predicate, claim.predicate);
        });
    if (against == held_.end()) {
      held_.push_back(&claim);
      return false;
    }
    Warn(**against, claim);
    return true;
  }

  bool CheckBranches(const std::vector<Claims>& branches) {
    bool all = !branches.empty();
    for (const Claims& branch : branches) all = Check(branch) && all;
    return all;
  }

  // `not` of one line: what it takes away may be all that is asked for.
  void CheckNone(const Claims& none) {
    Checker().Check(none);
    if (none.all.size() != 1 || !none.any.empty() || !none.none.empty()) return;
    const Claim& taken = none.all.front();
    for (const Claim* claim : held_) {
      if (!SameField(claim->predicate.field, taken.predicate.field) ||
          !TakesAll(taken.predicate, claim->predicate)) {
        continue;
      }
      taken.at.Warn(
          fmt::format("`not` takes away all that `{}` asks for", claim->key),
          "this never holds");
      return;
    }
  }

  // Whether each value that `asked` allows is one that is taken away.
  static bool TakesAll(const Predicate& taken, const Predicate& asked) {
    if (asked.op != Op::kEquals || taken.op != Op::kEquals) return false;
    if (!IsPlain(taken) || !IsPlain(asked) || taken.cased) return false;
    return std::all_of(
        asked.literals.begin(), asked.literals.end(),
        [&](const Literal& value) {
          return std::any_of(
              taken.literals.begin(), taken.literals.end(),
              [&](const Literal& l) { return MustBeSame(value, l); });
        });
  }

  std::vector<const Claim*> held_;
};

}  // namespace

void WarnOfContradictions(const Claims& claims) { Checker().Check(claims); }

}  // namespace premura
