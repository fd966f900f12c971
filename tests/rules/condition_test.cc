// SPDX-License-Identifier: Apache-2.0
#include "rules/condition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "rules/mismatch.h"

namespace premura {
namespace {

// An event and its customer, field by field: "n", "customer.tier", "@event",
// "1.n" for the first step with a name.
class FakeFacts final : public Facts {
 public:
  FakeFacts(const Symbols* symbols, std::map<std::string, Value> values)
      : symbols_(symbols), values_(std::move(values)) {}

  Value Get(const FieldRef& field) const override {
    const std::string step =
        field.step == 0 ? "" : std::to_string(field.step) + ".";
    const auto found = values_.find(step + Name(field));
    return found == values_.end() ? Value() : found->second;
  }

 private:
  std::string Name(const FieldRef& field) const {
    switch (field.root) {
      case FieldRef::Root::kName:
        return "@event";
      case FieldRef::Root::kId:
        return "@id";
      case FieldRef::Root::kTime:
        return "@time";
      case FieldRef::Root::kProfile:
        return "customer." + symbols_->profile.Text(field.symbol);
      case FieldRef::Root::kProperty:
        break;
    }
    return symbols_->properties.Text(field.symbol);
  }

  const Symbols* symbols_;
  std::map<std::string, Value> values_;
};

class ConditionTest : public testing::Test {
 protected:
  Condition Read(const std::string& yaml, bool profile = false) {
    Document document = Document::Parse("where.yaml", yaml);
    const ConditionContext context{&symbols_, profile, {"first", "second"}};
    Condition condition =
        ReadCondition(document.root().AsMapping("where"), context);
    EXPECT_EQ(RenderText(document.diagnostics()), "");
    return condition;
  }

  bool Holds(const std::string& yaml, std::map<std::string, Value> values,
             bool profile = false) {
    const Condition condition = Read(yaml, profile);
    return condition.Matches(FakeFacts(&symbols_, std::move(values)));
  }

  // Of an event with one field `f`.
  bool Holds(const std::string& yaml, const Value& value) {
    return Holds(yaml, std::map<std::string, Value>{{"f", value}});
  }

  Symbols symbols_;
};

Value Int(std::int64_t number) {
  static std::map<std::int64_t, std::string> spellings;
  auto& spelling = spellings[number];
  spelling = std::to_string(number);
  return Value::Integer(number, spelling);
}
Value Text(std::string_view text) { return Value::Text(text); }

TEST_F(ConditionTest, ADefaultOneAlwaysHolds) {
  EXPECT_TRUE(Condition().always());
  EXPECT_TRUE(Condition().Matches(FakeFacts(&symbols_, {})));
  EXPECT_TRUE(Read("{}").always());
  EXPECT_FALSE(Read("f: 1").always());
}

struct Case {
  const char* yaml;
  Value value;
  bool holds;
};

TEST_F(ConditionTest, ComparesTextsWithoutCaseUnlessCased) {
  const Case cases[] = {
      {"f: Paid", Text("pAID"), true},
      {"f: Paid", Text("paid "), false},
      {"f: STRASSE", Text("straße"), false},
      {"f: ÄRGER", Text("ärger"), true},
      {"f: ''", Text(""), true},
      {"f|cased: Paid", Text("Paid"), true},
      {"f|cased: Paid", Text("paid"), false},
      {"f: off", Text("off"), true},
      {"f: off", Value::Boolean(false), false},
      {"f: NO", Text("no"), true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, ANumberMatchesATextThatSpellsItAndTheOtherWayRound) {
  const Case cases[] = {
      {"f: 500", Int(500), true},
      {"f: 500", Text("500"), true},
      {"f: 500", Text("500.0"), true},
      {"f: 500", Text(" 500"), false},
      {"f: 500", Text("0500"), false},
      {"f: 500", Value::Real(500, "5e2"), true},
      {"f: \"500\"", Int(500), true},
      {"f: \"500\"", Text("500"), true},
      {"f: \"500\"", Text("500.0"), false},
      {"f: 5e2", Int(500), true},
      {"f: 007", Text("007"), true},
      {"f: 007", Int(7), false},
      {"f: 500", Value::Boolean(true), false},
      {"f: 1", Value::Boolean(true), false},
      {"f: 9007199254740993", Int(9007199254740992), false},
      {"f|cased: 500", Text("500"), true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, ABooleanMatchesATextThatSpellsItAndTheOtherWayRound) {
  const Case cases[] = {
      {"f: true", Value::Boolean(true), true},
      {"f: true", Value::Boolean(false), false},
      {"f: true", Text("true"), true},
      {"f: true", Text("True"), true},
      {"f|cased: true", Text("True"), false},
      {"f: \"true\"", Value::Boolean(true), true},
      {"f: True", Value::Boolean(true), true},
      {"f|cased: True", Value::Boolean(true), false},
      {"f: on", Value::Boolean(true), false},
      {"f: NO", Value::Boolean(false), false},
      {"f: \"yes\"", Value::Boolean(true), false},
      {"f: \"yes\"", Text("Yes"), true},
      {"f: true", Int(1), false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, TextModifiersSeeNumbersAndBooleansAsJsonWritesThem) {
  const Case cases[] = {
      {"f|contains: AD", Text("/paDs"), true},
      {"f|contains|cased: AD", Text("/paDs"), false},
      {"f|startswith: /BILL", Text("/billing"), true},
      {"f|startswith: /billing", Text("/bill"), false},
      {"f|endswith: .PDF", Text("a.pdf"), true},
      {"f|endswith|cased: .PDF", Text("a.pdf"), false},
      {"f|re: '^b.*G$'", Text("billing"), true},
      {"f|re: ll", Text("billing"), true},
      {"f|re|cased: LL", Text("billing"), false},
      {"f|re: '^5\\d+$'", Int(503), true},
      {"f|startswith: 5", Int(503), true},
      {"f|contains: 1.5", Value::Real(1.5, "1.50"), true},
      {"f|contains: ru", Value::Boolean(true), true},
      {"f|re: '$first.x'", Text("a"), false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, BoundsSeeNumbersAndTextsThatSpellThem) {
  const Case cases[] = {
      {"f|gt: 5", Int(6), true},
      {"f|gt: 5", Int(5), false},
      {"f|gte: 5", Int(5), true},
      {"f|lt: 5", Int(4), true},
      {"f|lt: 5", Int(5), false},
      {"f|lte: 5", Int(5), true},
      {"f|lte: 5", Value::Real(5.1, "5.1"), false},
      {"f|gt: \"5\"", Text("5.5"), true},
      {"f|gt: 5", Text("ten"), false},
      {"f|lt: 5", Text("ten"), false},
      {"f|lt: 5", Value::Boolean(true), false},
      {"f|gt: [100, 5]", Int(6), true},
      {"f|gt|all: [100, 5]", Int(6), false},
      {"f|gt: -1", Text("-0.5"), true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, AListOfValuesMeansAnyUnlessAll) {
  const Case cases[] = {
      {"f: [a, b]", Text("B"), true},
      {"f: [a, b]", Text("c"), false},
      {"f|contains|all: [a, b]", Text("xbxax"), true},
      {"f|contains|all: [a, b]", Text("xbx"), false},
      {"f|neq: [a, b]", Text("c"), true},
      {"f|neq: [a, b]", Text("B"), false},
      {"f|neq: a", Int(1), true},
      {"f|neq: 1", Text("1"), false},
      {"f|neq|cased: a", Text("A"), true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, AListInTheEventMatchesIfOneElementDoes) {
  const std::array elements = {Text("a"), Int(7), Value::Null()};
  const Value list = Value::List(elements);
  const std::array outer = {list};
  const Case cases[] = {
      {"f: A", list, true},
      {"f: 7", list, true},
      {"f: c", list, false},
      {"f|all: [a, 7]", list, true},
      {"f|all: [a, c]", list, false},
      {"f|gt: 6", list, true},
      {"f|neq: a", list, true},
      {"f|neq: [a, 7]", list, false},
      {"f: a", Value::List(outer), true},
      {"f: a", Value::List({}), false},
      {"f|neq: a", Value::List({}), false},
      {"f|exists: true", Value::List({}), true},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Holds(c.yaml, c.value), c.holds) << c.yaml;
}

TEST_F(ConditionTest, AnAbsentFieldMatchesOnlyExistsFalseOrInsideNot) {
  for (const Value& value : {Value(), Value::Null()}) {
    EXPECT_FALSE(Holds("f: a", value));
    EXPECT_FALSE(Holds("f: ''", value));
    EXPECT_FALSE(Holds("f|neq: a", value));
    EXPECT_FALSE(Holds("f|lt: 5", value));
    EXPECT_FALSE(Holds("f|exists: true", value));
    EXPECT_TRUE(Holds("f|exists: false", value));
    EXPECT_TRUE(Holds("not: {f: a}", value));
  }
  EXPECT_FALSE(Holds("f|exists: false", Text("")));
}

TEST_F(ConditionTest, AnObjectIsPresentAndHasAText) {
  const Value object = Value::Object("{\"ip\":\"10.0.0.1\"}");
  EXPECT_TRUE(Holds("f|exists: true", object));
  EXPECT_TRUE(Holds("f|contains: '10.0.'", object));
  EXPECT_TRUE(Holds("f|neq: a", object));
  EXPECT_FALSE(Holds("f: a", object));
}

TEST_F(ConditionTest, AllMustHoldAndAnyOfAndNotNest) {
  const std::map<std::string, Value> event = {
      {"a", Int(1)}, {"b", Text("x")}, {"d.ip", Text("10.0.0.1")}};
  EXPECT_TRUE(Holds("{a: 1, b: x}", event));
  EXPECT_FALSE(Holds("{a: 1, b: y}", event));
  EXPECT_TRUE(Holds("any_of: [{a: 2}, {b: x}]", event));
  EXPECT_FALSE(Holds("any_of: [{a: 2}, {b: y}]", event));
  EXPECT_FALSE(Holds("any_of: [{a: 1, b: y}]", event));
  EXPECT_TRUE(Holds("not: {a: 1, b: y}", event));
  EXPECT_FALSE(Holds("not: {any_of: [{a: 1}, {b: y}]}", event));
  EXPECT_TRUE(Holds("{d.ip|startswith: '10.', not: {not: {a: 1}}}", event));
}

TEST_F(ConditionTest, FieldsHaveRoots) {
  const std::map<std::string, Value> facts = {
      {"@event", Text("own")},      {"@id", Text("i1")},
      {"@time", Text("2026")},      {"page", Text("p")},
      {"customer.tier", Text("g")}, {"customer.id", Text("c")}};
  EXPECT_TRUE(Holds("{event: own, id: i1, time: 2026}", facts));
  EXPECT_TRUE(Holds("properties.page: p", facts));
  EXPECT_FALSE(Holds("properties.event: own", facts));
  EXPECT_TRUE(Holds("customer.tier: g", facts));
  EXPECT_TRUE(Holds("{tier: g, customer.tier: g, id: c}", facts, true));
}

TEST_F(ConditionTest, LooksBackAtAnEarlierStep) {
  const std::map<std::string, Value> facts = {{"f", Int(7)},
                                              {"s", Text("Paid")},
                                              {"1.f", Text("5")},
                                              {"2.s", Text("pAID")},
                                              {"2.n", Value::Null()}};
  EXPECT_TRUE(Holds("f|gt: $first.f", facts));
  EXPECT_TRUE(Holds("f|neq: $first.f", facts));
  EXPECT_TRUE(Holds("f|gte: \"$first.properties.f\"", facts));
  EXPECT_FALSE(Holds("f|lt: $first.f", facts));
  EXPECT_TRUE(Holds("s: $second.s", facts));
  EXPECT_FALSE(Holds("s|cased: $second.s", facts));
  EXPECT_TRUE(Holds("s|contains: $second.s", facts));
  EXPECT_TRUE(Holds("s: [x, $second.s]", facts));
  // What is not there is neither the same nor another.
  EXPECT_FALSE(Holds("s: $second.n", facts));
  EXPECT_FALSE(Holds("s|neq: $second.n", facts));
  EXPECT_TRUE(Read("f: $first.f").LooksBack());
  EXPECT_TRUE(Read("not: {any_of: [{f: $first.f}]}").LooksBack());
  EXPECT_FALSE(Read("f: $5.00").LooksBack());
}

TEST_F(ConditionTest, LooksBackAtAList) {
  const std::array list = {Int(1), Int(2)};
  const std::map<std::string, Value> facts = {
      {"f", Int(2)}, {"g", Int(3)}, {"1.l", Value::List(list)}};
  EXPECT_TRUE(Holds("f: $first.l", facts));
  EXPECT_FALSE(Holds("f|neq: $first.l", facts));
  EXPECT_TRUE(Holds("g|neq: $first.l", facts));
}

TEST_F(ConditionTest, NamesItsFieldsInTheOrderWritten) {
  std::vector<FieldRef> fields;
  Read("{b: 1, any_of: [{a: $second.x}, {not: {customer.t: 2}}], event: e}")
      .CollectFields(&fields);
  std::vector<std::string> paths;
  for (const FieldRef& field : fields) paths.push_back(field.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"b", "a", "$second.x",
                                             "customer.t", "event"}));
  EXPECT_EQ(fields[2].step, 2);
  EXPECT_EQ(symbols_.properties.Text(fields[2].symbol), "x");
}

// --- Equalities --------------------------------------------------------------

// Whether an index over the condition's equalities leads from the value to it.
bool LedTo(const Condition& condition, const Value& value) {
  std::vector<std::uint64_t> keys;
  AppendEqualityKeys(value, &keys);
  const std::vector<Equality> all = condition.Equalities();
  return std::all_of(all.begin(), all.end(), [&keys](const Equality& one) {
    return std::find_first_of(keys.begin(), keys.end(), one.keys.begin(),
                              one.keys.end()) != keys.end();
  });
}

TEST_F(ConditionTest, WhatEqualsItLeadsToIt) {
  const Value list[] = {Text("x"), Int(500)};
  const Value values[] = {
      Text("paid"),
      Text("PAID"),
      Text("ÄRGER"),
      Text("ärger"),
      Text("500"),
      Text("5e2"),
      Text("500.0"),
      Text("0.5"),
      Int(500),
      Int(501),
      Int(0),
      Value::Real(500, "500.0"),
      Value::Real(.5, ".5"),
      Text("true"),
      Value::Boolean(true),
      Value::Boolean(false),
      Value::Null(),
      Value(),
      Value::List(list),
      Value::List({}),
      Text(""),
  };
  const char* conditions[] = {
      "f: Paid",        "f|cased: PAID",   "f: ärger",
      "f: 500",         "f: '500'",        "f: 5e2",
      "f: true",        "f: 'True'",       "f: 0.5",
      "f: [501, paid]", "f|all: [x, 500]", "f: ''",
      "{f: 500, g: 1}", "f: -0",           "f|cased|all: [x, '500']",
  };
  int held = 0;
  for (const char* yaml : conditions) {
    const Condition condition = Read(yaml);
    EXPECT_FALSE(condition.Equalities().empty()) << yaml;
    for (const Value& value : values) {
      const FakeFacts facts(&symbols_, {{"f", value}});
      if (!condition.Matches(facts)) continue;
      ++held;
      EXPECT_TRUE(LedTo(condition, value)) << yaml << " of " << value.text();
    }
  }
  EXPECT_GE(held, 25);
  EXPECT_FALSE(LedTo(Read("f: paid"), Text("unpaid")));
  EXPECT_FALSE(LedTo(Read("f: 500"), Int(501)));
}

TEST_F(ConditionTest, OnlyWhatHasToBeMetIsAnEquality) {
  for (const char* yaml :
       {"f|neq: 1", "f|gte: 1", "f|contains: x", "not: {f: 1}",
        "any_of: [{f: 1}, {f: 2}]", "f: $first.f", "f: [1, $first.f]",
        "customer.f: 1", "event: x", "f|exists: true"}) {
    EXPECT_TRUE(Read(yaml).Equalities().empty()) << yaml;
  }
  const std::vector<Equality> both = Read("{f: 1, g: [a, b]}").Equalities();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(symbols_.properties.Text(both[1].field.symbol), "g");
  EXPECT_EQ(both[1].keys.size(), 2U);
}

TEST_F(ConditionTest, SaysWhichPartDoesNotHold) {
  const struct {
    const char* yaml;
    const char* wanted;  // Empty: it matches.
    std::vector<std::pair<std::string, std::string>> found;
  } cases[] = {
      {"f: 5", "", {}},
      {"f: 6", "f: 6", {{"f", "5"}}},
      {"{f: 5, g|startswith: /a}", "g|startswith: /a", {{"g", "\"/b\""}}},
      {"{g|cased: /b, f|gte: 7, h: 1}", "f|gte: 7", {{"f", "5"}}},
      {"g: [/x, /y]", "g: [/x, /y]", {{"g", "\"/b\""}}},
      {"h|exists: true", "h|exists: true", {{"h", ""}}},
      {"f|exists: false", "f|exists: false", {{"f", "5"}}},
      {"any_of: [{f: 1}, {h|neq: 2, f: 5}]",
       "any_of: [f: 1, {h|neq: 2, f: 5}]",
       {{"f", "5"}, {"h", ""}}},
      {"not: {f: 5}", "not: f: 5", {{"f", "5"}}},
      {"not: {f: 5, g: /b}",
       "not: {f: 5, g: /b}",
       {{"f", "5"}, {"g", "\"/b\""}}},
      {"f|gt: $first.f", "f|gt: $first.f", {{"f", "5"}, {"$first.f", "8"}}},
      {"customer.tier: pro",
       "customer.tier: pro",
       {{"customer.tier", "\"free\""}}},
  };
  for (const auto& test : cases) {
    const FakeFacts facts(&symbols_, {{"f", Value::Integer(5, "5")},
                                      {"g", Value::Text("/b")},
                                      {"1.f", Value::Integer(8, "8")},
                                      {"customer.tier", Value::Text("free")}});
    const auto mismatch = FirstMismatch(Read(test.yaml), facts);
    EXPECT_EQ(mismatch ? mismatch->wanted : "", test.wanted) << test.yaml;
    if (mismatch) {
      EXPECT_EQ(mismatch->found, test.found) << test.yaml;
    }
  }
}

TEST_F(ConditionTest, IsToldAsItIsWritten) {
  for (const char* text :
       {"f: 5", "f|neq: [a, b]", "f|contains: a", "f|endswith: a", "f|re: a+",
        "f|gt: 1", "f|lt: 1", "f|lte: 1", "f|contains|all: [a, b]",
        "f|contains|cased: A", "{f: 1, g: 2}"}) {
    EXPECT_EQ(ToText(Read(text)), text);
  }
  EXPECT_EQ(ToText(Condition()), "");
}

}  // namespace
}  // namespace premura
