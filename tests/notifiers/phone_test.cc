// SPDX-License-Identifier: Apache-2.0
#include "notifiers/phone.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(PhoneTest, OnlyNumbersWithTheirCountrysCodePass) {
  const struct {
    const char* text;
    std::optional<std::string> expected;
  } cases[] = {
      {"+393331234567", "+393331234567"},
      {"+39 333 123-45.67", "+393331234567"},
      {"0039 333 1234567", "+393331234567"},
      {"+1 (415) 555-0123", "+14155550123"},
      {"+44 (0)20 7946 0958", std::nullopt},
      {"+39 (0)2 1234567", std::nullopt},
      {"+44 (20) 7946 0958", "+442079460958"},
      {"+1234567", "+1234567"},
      {"+123456", std::nullopt},  // Six digits.
      {"+123456789012345", "+123456789012345"},
      {"+1234567890123456", std::nullopt},  // Sixteen.
      {"3331234567", std::nullopt},         // Of which country?
      {"+0391234567", std::nullopt},
      {"+1415555267x", std::nullopt},
      {"+14155550123;ext=5", std::nullopt},
      {"++14155550123", std::nullopt},
      {"1+4155550123", std::nullopt},
      {"+1415555\r\n0123", std::nullopt},
      {"", std::nullopt},
      {"+", std::nullopt},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ParsePhone(c.text), c.expected) << c.text;
  }
}

TEST(PhoneTest, LogsShowOnlyCountryAndEnd) {
  EXPECT_EQ(MaskPhone("+393331234567"), "+39********67");
  EXPECT_EQ(MaskPhone("+123"), "****");
}

}  // namespace
}  // namespace premura
