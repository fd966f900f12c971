// SPDX-License-Identifier: Apache-2.0
// Events made up to meet conditions: what is found holds, what cannot be is not
// found.

#include "rules/witness.h"

#include <gtest/gtest.h>

#include "rules/regex_sample.h"

namespace premura {
namespace {

class WitnessTest : public testing::Test {
 protected:
  Condition Read(const std::string& yaml, std::vector<std::string> steps = {}) {
    documents_.push_back(Document::Parse("c.yaml", yaml));
    const Document& document = documents_.back();
    Condition condition = ReadCondition(document.root().AsMapping("where"),
                                        {&symbols_, false, std::move(steps)});
    EXPECT_FALSE(HasErrors(document.diagnostics())) << yaml;
    return condition;
  }
  FieldRef Field(const std::string& path) {
    FieldRef field;
    field.symbol = symbols_.properties.Intern(path);
    field.path = path;
    return field;
  }

  Symbols symbols_;
  std::vector<Document> documents_;
};

TEST_F(WitnessTest, WhatIsFoundHolds) {
  for (const char* yaml : {
           "{page: /billing}",
           "{page: [/a, /b], code: 500}",
           "{page|startswith: /b, page|endswith: .pdf, page|contains: x}",
           "{page|startswith|cased: /B, page|contains|all: [one, two]}",
           "{page|startswith: /a, page: [/b, /abc]}",
           "{tags|all: [a, b]}",
           "{code: 1, code|lt: 5}",
           "{amount|gt: 5, amount|lt: 6}",
           "{amount|gte: 5, amount|lte: 5, amount|neq: 6}",
           "{amount|gt: 0, amount|neq: [1, 2]}",
           "{a|exists: true, b|exists: false}",
           "{a: true, not: {a: false, b: 1}}",
           "{any_of: [{a: 1, a|gt: 2}, {a: 3}], not: {b|exists: false}}",
           "{not: {any_of: [{a: 1}, {b: 2}]}, a: 2}",
           "{agent|re: '^moz.*\\d+'}",
           "{agent|re|cased: '^(?:Safari|Chrome)/[0-9]{2}$'}",
           "{agent|re: '[^a-z]+x?$', agent|startswith: ab}",
           "{event|startswith: page, id|neq: x}",
           "{customer.tier: gold, d.ip|startswith: '10.'}",
       }) {
    const Condition condition = Read(yaml);
    const auto made = FindWitness({.demands = {{condition, true}}});
    ASSERT_TRUE(made.has_value()) << yaml;
    EXPECT_TRUE(condition.Matches(*made)) << yaml;
    const auto other = FindWitness({.demands = {{condition, false}}});
    ASSERT_TRUE(other.has_value()) << yaml;
    EXPECT_FALSE(condition.Matches(*other)) << yaml;
  }
}

TEST_F(WitnessTest, WhatNoEventCanMeetIsNotFound) {
  for (const char* yaml : {
           "{page: /a, not: {page: /A}}",
           "{page|startswith: /a, page|startswith|cased: /B}",
           "{amount|gt: 5, amount|lte: 5}",
           "{a: 1, a|exists: false}",
           "{any_of: [{a: 1, a: 1, a|gt: 2}, {b|exists: true, b|exists|cased: "
           "true}]}",
           "{time|startswith: '2026'}",
       }) {
    documents_.push_back(Document::Parse("c.yaml", yaml));
    const Condition condition = ReadCondition(
        documents_.back().root().AsMapping("where"), {&symbols_, false, {}});
    if (HasErrors(documents_.back().diagnostics())) continue;
    EXPECT_FALSE(FindWitness({.demands = {{condition, true}}})) << yaml;
  }
  EXPECT_FALSE(FindWitness({.demands = {{Condition(), false}}}));
}

TEST_F(WitnessTest, SeveralConditionsAtOnce) {
  const Condition in = Read("{page|startswith: /pay}");
  const Condition out = Read("{page: [/pay, /pay1]}");
  const auto made = FindWitness({.demands = {{in, true}, {out, false}}});
  ASSERT_TRUE(made);
  EXPECT_TRUE(in.Matches(*made));
  EXPECT_FALSE(out.Matches(*made));
  EXPECT_FALSE(FindWitness({.demands = {{out, true}, {in, false}}}));
}

TEST_F(WitnessTest, WhatIsKnownStays) {
  const Condition where = Read("{any_of: [{a: 1, b: 1}, {a: 2, b: 2}]}");
  WitnessRequest request{.demands = {{where, true}}};
  request.known.Set(Field("a"), Made::Number(2));
  const auto made = FindWitness(request);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->Get(Field("b")).number(), 2);
  request.known.Set(Field("b"), Made());
  EXPECT_FALSE(FindWitness(request));
}

TEST_F(WitnessTest, WhatIsWantedIsThereAndDiffers) {
  WitnessRequest request{.demands = {{Read("{page|startswith: /x}"), true}}};
  request.wanted = {Field("page"), Field("other")};
  request.avoid.emplace_back(Field("page"), std::vector<Made>());
  for (int i = 0; i < 20; ++i) {
    const auto made = FindWitness(request);
    ASSERT_TRUE(made) << i;
    EXPECT_TRUE(made->Get(Field("other")).present());
    request.avoid[0].second.push_back(*made->Find(Field("page")));
  }
}

TEST_F(WitnessTest, ItLooksBack) {
  const Condition where =
      Read("{amount|gt: $first.amount, plan|neq: $first.plan, id: $first.id}",
           {"first"});
  WitnessRequest request{.demands = {{where, true}}};
  FieldRef amount = Field("amount"), plan = Field("plan");
  FieldRef id;
  id.root = FieldRef::Root::kId;
  amount.step = plan.step = id.step = 1;
  request.known.Set(amount, Made::Number(12.5));
  request.known.Set(plan, Made::Text("pro"));
  EXPECT_FALSE(FindWitness(request));  // The step's `id` is not known.
  request.known.Set(id, Made::Text("e1"));
  const auto made = FindWitness(request);
  ASSERT_TRUE(made);
  EXPECT_GT(made->Get(Field("amount")).number(), 12.5);
}

TEST(MadeTest, ItShowsWhatItIs) {
  EXPECT_EQ(Made().Json(), "null");
  EXPECT_EQ(Made::Text("a\"b").Json(), "\"a\\\"b\"");
  EXPECT_EQ(Made::Number(3).Json(), "3");
  EXPECT_EQ(Made::Number(0.25).Json(), "0.25");
  EXPECT_EQ(Made::List({Made::Boolean(true), Made::Text("x")}).Json(),
            "[true,\"x\"]");
  EXPECT_TRUE(Made::Copy(Made::Number(1).value()).Same(Made::Number(1.0)));
  EXPECT_FALSE(Made::Text("1").Same(Made::Number(1)));
}

TEST(SampleRegexTest, WhatItDoesNotUnderstandIsLeft) {
  for (const char* pattern : {"\\pL", "(", "[[:alpha:]]", "x\\q"}) {
    EXPECT_TRUE(SampleRegex(pattern).empty()) << pattern;
  }
  EXPECT_EQ(SampleRegex("a|b{2}c?"), (std::vector<std::string>{"a", "bbc"}));
}

}  // namespace
}  // namespace premura
