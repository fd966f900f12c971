// SPDX-License-Identifier: Apache-2.0
#include "rules/fold.h"

#include <gtest/gtest.h>

#include <string>

#include "rules/utf8.h"

namespace premura {
namespace {

TEST(FoldTest, IsUnicodesSimpleFolding) {
  EXPECT_EQ(FoldCase("HeLLo 1"), "hello 1");
  EXPECT_EQ(FoldCase("ÄÖÜ ÀÉ"), "äöü àé");
  EXPECT_EQ(FoldCase("ΣΑΣ ς"), "σασ σ");
  EXPECT_EQ(FoldCase("ДОМ"), "дом");
  EXPECT_EQ(FoldCase("\u212A\u017F"), "ks");  // KELVIN SIGN, long s.
  EXPECT_EQ(FoldCase("ẞß"), "ßß");            // Full folding would be ss.
  EXPECT_EQ(FoldCase("İ"), "İ");              // Folds fully only.
  EXPECT_EQ(FoldCase("𐐀"), "𐐨");              // Beyond 16 bits.
  EXPECT_EQ(FoldCase("a\xff"), "a\xff");      // What is not UTF-8 stays.
}

TEST(FoldTest, ComparesWithoutACopy) {
  EXPECT_TRUE(FoldedEquals("ÄB", "äb"));
  EXPECT_FALSE(FoldedEquals("ÄBC", "äb"));
  EXPECT_FALSE(FoldedEquals("Ä", "äb"));
  EXPECT_TRUE(FoldedEquals("\u212A", "k"));
  EXPECT_TRUE(FoldedEquals("", ""));
  EXPECT_TRUE(FoldedStartsWith("ÄBC", "äb"));
  EXPECT_FALSE(FoldedStartsWith("Ä", "äb"));
  EXPECT_TRUE(FoldedEndsWith("xÄB", "äb"));
  EXPECT_TRUE(FoldedEndsWith("x\u212A", "k"));
  EXPECT_FALSE(FoldedEndsWith("b", "äb"));
  EXPECT_TRUE(FoldedContains("xxÄBxx", "äb"));
  EXPECT_TRUE(FoldedContains("xx\u212A", "k"));
  EXPECT_FALSE(FoldedContains("xxÄxx", "äb"));
  EXPECT_TRUE(FoldedContains("aaab", "aab"));
  EXPECT_FALSE(FoldedEquals("\xc3", "ä"));
}

TEST(Utf8Test, RefusesWhatIsNotUtf8) {
  for (const std::string text :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "\xc3", "\xe2\x82", "\xf0\x9f\x98"}) {
    std::size_t at = 0;
    EXPECT_EQ(NextCharacter(text, &at), -1);
    EXPECT_EQ(at, 1U);
  }
}

TEST(Utf8Test, WritesWhatItReads) {
  for (const std::int32_t character :
       {0x0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff}) {
    char bytes[4];
    const std::size_t size = EncodeCharacter(character, bytes);
    std::size_t at = 0;
    EXPECT_EQ(NextCharacter({bytes, size}, &at), character);
    EXPECT_EQ(at, size);
  }
}

}  // namespace
}  // namespace premura
