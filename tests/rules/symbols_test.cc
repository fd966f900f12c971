// SPDX-License-Identifier: Apache-2.0
#include "rules/symbols.h"

#include <gtest/gtest.h>

#include <memory>

namespace premura {
namespace {

TEST(SymbolTableTest, CountsFromOneAndGivesATextOneNumber) {
  SymbolTable table;
  EXPECT_EQ(table.Intern("a"), 1U);
  EXPECT_EQ(table.Intern("b"), 2U);
  EXPECT_EQ(table.Intern("a"), 1U);
  EXPECT_EQ(table.Text(2), "b");
  EXPECT_EQ(table.Find("b"), 2U);
  EXPECT_EQ(table.Find("c"), 0U);
  EXPECT_EQ(table.size(), 2U);
}

TEST(SymbolTableTest, ACopyGrowsAndAgreesWithItsOriginal) {
  auto original = std::make_unique<SymbolTable>();
  for (int i = 0; i < 1000; ++i) original->Intern(std::to_string(i));
  SymbolTable copy(*original);
  original.reset();

  EXPECT_EQ(copy.Intern("more"), 1001U);
  for (SymbolId i = 0; i < 1000; ++i) {
    EXPECT_EQ(copy.Find(std::to_string(i)), i + 1);
  }
}

}  // namespace
}  // namespace premura
