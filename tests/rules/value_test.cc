// SPDX-License-Identifier: Apache-2.0
#include "rules/value.h"

#include <gtest/gtest.h>

#include <array>

#include "rules/number.h"

namespace premura {
namespace {

std::string Identity(const Value& value) {
  std::string key;
  AppendIdentity(value, &key);
  return key;
}

std::string Json(const Value& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

TEST(IdentityTest, IsSharedByNumbersOfOneValue) {
  EXPECT_EQ(Identity(Value::Integer(1, "1")),
            Identity(Value::Real(1.0, "1.0")));
  EXPECT_EQ(Identity(Value::Integer(0, "0")),
            Identity(Value::Real(-0.0, "-0.0")));
  EXPECT_EQ(Identity(Value::Real(0.5, "0.5")),
            Identity(Value::Real(0.5, "5e-1")));
  EXPECT_NE(Identity(Value::Integer(9007199254740993, "")),
            Identity(Value::Integer(9007199254740992, "")));
}

TEST(IdentityTest, TellsCaseAndTypesApart) {
  EXPECT_NE(Identity(Value::Text("a")), Identity(Value::Text("A")));
  EXPECT_NE(Identity(Value::Text("1")), Identity(Value::Integer(1, "1")));
  EXPECT_NE(Identity(Value::Text("true")), Identity(Value::Boolean(true)));
  EXPECT_NE(Identity(Value::Boolean(false)), Identity(Value::Boolean(true)));
  EXPECT_NE(Identity(Value()), Identity(Value::Null()));
  EXPECT_NE(Identity(Value::Object("{}")), Identity(Value::Text("{}")));
  EXPECT_NE(Identity(Value::Real(1e300, "1e300")),
            Identity(Value::Real(2e300, "2e300")));
}

TEST(IdentityTest, SaysItselfWhereItEnds) {
  const auto both = [](std::string_view a, std::string_view b) {
    return Identity(Value::Text(a)) + Identity(Value::Text(b));
  };
  EXPECT_NE(both("a", "bc"), both("ab", "c"));
  EXPECT_NE(both("", "t"), both("t", ""));
  const std::array ab = {Value::Text("a"), Value::Text("b")};
  const std::array nested = {Value::List(ab)};
  EXPECT_NE(Identity(Value::List(ab)), Identity(Value::List(nested)));
}

TEST(ValueTest, IsWrittenAsJson) {
  const std::array list = {Value::Integer(1, "1"), Value::Null(),
                           Value::Text("x")};
  EXPECT_EQ(Json(Value::List(list)), "[1,null,\"x\"]");
  EXPECT_EQ(Json(Value::Real(1.5, "1.50")), "1.50");
  EXPECT_EQ(Json(Value::Boolean(true)), "true");
  EXPECT_EQ(Json(Value::Object("{\"a\":1}")), "{\"a\":1}");
  EXPECT_EQ(Json(Value()), "null");
  EXPECT_EQ(Json(Value::Text("a\"\\\n\r\t\x01\x1fé")),
            "\"a\\\"\\\\\\n\\r\\t\\u0001\\u001fé\"");
}

TEST(ValueTest, HasATextWhereItIsOneThing) {
  EXPECT_EQ(Value::Boolean(false).text(), "false");
  EXPECT_EQ(Value::Integer(5, "5").text(), "5");
  EXPECT_EQ(Value::List({}).text(), "");
  EXPECT_EQ(Value().text(), "");
  EXPECT_FALSE(Value::Null().present());
  EXPECT_TRUE(Value::List({}).present());
}

TEST(NumberTest, IsSpeltAsJsonDoes) {
  for (const char* text : {"0", "-0", "5", "-12", "1.5", "1e3", "1E-3",
                           "1.25e+2", "123456789012345678901234567890"}) {
    EXPECT_TRUE(ParseNumber(text).has_value()) << text;
  }
  for (const char* text :
       {"", "-", "+5", "05", "-05", ".5", "5.", "1e", "1e+", "0x10", "1_000",
        " 5", "5 ", "inf", "nan", "1.5.2", "1e999", "ten"}) {
    EXPECT_FALSE(ParseNumber(text).has_value()) << text;
  }
}

TEST(NumberTest, ComparesExactly) {
  const std::array<const char*, 12> ascending = {"-1e300",
                                                 "-9223372036854775809",
                                                 "-9223372036854775808",
                                                 "-1.5",
                                                 "-1",
                                                 "0",
                                                 "0.5",
                                                 "1",
                                                 "1.5",
                                                 "9007199254740992",
                                                 "9007199254740993",
                                                 "1e300"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      // The second and third are the same double, which both become.
      if (i + j == 3 && (i == 1 || i == 2)) continue;
      const int order =
          Compare(*ParseNumber(ascending[i]), *ParseNumber(ascending[j]));
      EXPECT_EQ(order < 0, i < j) << ascending[i] << " " << ascending[j];
      EXPECT_EQ(order > 0, i > j) << ascending[i] << " " << ascending[j];
    }
  }
  EXPECT_EQ(Compare(*ParseNumber("1e3"), *ParseNumber("1000")), 0);
}

}  // namespace
}  // namespace premura
