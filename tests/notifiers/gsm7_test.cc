// SPDX-License-Identifier: Apache-2.0
#include "notifiers/gsm7.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

std::string Times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Gsm7Test, CountsSegmentsAsNetworksDo) {
  const struct {
    std::string text;
    bool gsm7;
    int units;
    int segments;
  } cases[] = {
      {"", true, 0, 0},
      {"a", true, 1, 1},
      {Times(160, "a"), true, 160, 1},
      {Times(161, "a"), true, 161, 2},
      {Times(306, "a"), true, 306, 2},
      {Times(307, "a"), true, 307, 3},
      {Times(80, "€"), true, 160, 1},
      {Times(81, "€"), true, 162, 2},
      // An extension character is not cut: 152 + 2 > 153.
      {Times(152, "a") + "€" + Times(152, "a"), true, 306, 3},
      {"è é ù ì ò Ç Ø Å ß ñ ü à @ £ ¥ Δ § ¿ ^{}[]~|\\€", true, 54, 1},
      {"á", false, 1, 1},
      {Times(70, "č"), false, 70, 1},
      {Times(71, "č"), false, 71, 2},
      {Times(134, "č"), false, 134, 2},
      {Times(35, "👍"), false, 70, 1},
      // A surrogate pair is not cut: 66 + 2 > 67.
      {Times(66, "č") + "👍" + Times(66, "č"), false, 134, 3},
  };
  for (const auto& c : cases) {
    const SmsShape shape = MeasureSms(c.text);
    EXPECT_EQ(shape.gsm7, c.gsm7) << c.text;
    EXPECT_EQ(shape.units, c.units) << c.text;
    EXPECT_EQ(shape.segments, c.segments) << c.text;
  }
}

TEST(Gsm7Test, NamesEachCharacterThatIsNotInTheAlphabetOnce) {
  const SmsShape shape = MeasureSms("Žluťoučký Ž\xff");
  ASSERT_EQ(shape.foreign.size(), 5u);
  EXPECT_EQ(NameCharacter(shape.foreign[0]), "Ž (U+017D)");
  EXPECT_EQ(NameCharacter(shape.foreign[1]), "ť (U+0165)");
  EXPECT_EQ(NameCharacter(shape.foreign[4]), "a byte that is not UTF-8");
}

TEST(Gsm7Test, TypographicSignsBecomePlainOnes) {
  EXPECT_EQ(TransliterateForSms("“L’auto” – «ok»…\u00a0fine"),
            "\"L'auto\" - \"ok\"... fine");
  EXPECT_TRUE(MeasureSms(TransliterateForSms("“L’auto” – è")).gsm7);
  EXPECT_EQ(TransliterateForSms("Žluť\xff"), "Žluť\xff");
}

}  // namespace
}  // namespace premura
