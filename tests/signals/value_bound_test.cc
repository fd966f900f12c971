// SPDX-License-Identifier: Apache-2.0
#include "signals/value_bound.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace premura {
namespace {

TEST(ValueBound, LeavesWhatIsShort) {
  ValueBound bound;
  const std::string text(ValueBound::kMost, 'x');
  const std::vector<Value> list(10, Value::Text("paid"));
  for (const Value& value :
       {Value(), Value::Null(), Value::Boolean(true), Value::Integer(5, "5"),
        Value::Text(text), Value::Object("{\"a\":1}"), Value::List(list)}) {
    const Value bounded = bound.Of(value);
    EXPECT_EQ(bounded.kind(), value.kind());
    EXPECT_EQ(bounded.text().data(), value.text().data());
    EXPECT_EQ(bounded.text().size(), value.text().size());
  }
  EXPECT_EQ(bound.Of(Value::List(list)).elements().size(), 10U);
}

TEST(ValueBound, LongTextsThatDifferStillDiffer) {
  ValueBound bound;
  const std::string same(100'000, 'x');
  const std::string a = same + "a";
  const std::string b = same + "b";
  const std::string_view of_a = bound.Of(Value::Text(a)).text();
  EXPECT_LE(of_a.size(), ValueBound::kMost);
  EXPECT_EQ(of_a.substr(0, ValueBound::kBegin),
            same.substr(0, ValueBound::kBegin));
  EXPECT_NE(of_a, bound.Of(Value::Text(b)).text());
  EXPECT_EQ(of_a, bound.Of(Value::Text(a)).text());
}

TEST(ValueBound, ANumberWithThatManyDigitsIsAText) {
  ValueBound bound;
  const std::string digits(5'000, '9');
  const Value value = bound.Of(Value::Real(1e300, digits));
  EXPECT_EQ(value.kind(), Value::Kind::kText);
  EXPECT_LE(value.text().size(), ValueBound::kMost);
}

TEST(ValueBound, NoCharacterIsTorn) {
  std::string text = "x";
  while (text.size() < 6'000) text += "\u00e8";
  const std::string_view begin = BeginOf(text, ValueBound::kBegin);
  EXPECT_EQ(begin.size(), ValueBound::kBegin - 1);
  EXPECT_EQ(BeginOf("abc", 5), "abc");
  EXPECT_EQ(BeginOf("abc", 2), "ab");
  EXPECT_EQ(BeginOf("\u00e8", 1), "");
}

TEST(ValueBound, OfAListWhatThereIsRoomFor) {
  ValueBound bound;
  const std::string text(900, 'x');
  const std::vector<Value> texts(100, Value::Text(text));
  EXPECT_EQ(bound.Of(Value::List(texts)).elements().size(), 4U);
  const std::vector<Value> inner(1'000, Value::Integer(1, "1"));
  const std::vector<Value> outer = {Value::Integer(1, "1"), Value::List(inner)};
  EXPECT_EQ(bound.Of(Value::List(outer)).elements().size(), 1U);
}

TEST(ValueBound, ALongObjectIsThereAndEmpty) {
  ValueBound bound;
  const std::string json = "{\"a\":\"" + std::string(5'000, 'x') + "\"}";
  const Value value = bound.Of(Value::Object(json));
  EXPECT_EQ(value.kind(), Value::Kind::kObject);
  EXPECT_EQ(value.text(), "{}");
}

}  // namespace
}  // namespace premura
