// SPDX-License-Identifier: Apache-2.0
#include "notifiers/text.h"

#include <gtest/gtest.h>

#include "notifiers/loopback.h"
#include "notifiers/mail_address.h"

namespace premura {
namespace {

TEST(TextTest, OneLineTakesLineEndsAndControlsAway) {
  EXPECT_EQ(OneLine("  a\r\nBcc: x\t\x01\x7f b\u2028c\u0085d  "),
            "a Bcc: x b c d");
  EXPECT_EQ(OneLine("\xff\xfe"), "");
  EXPECT_EQ(OneLine("Žluť 👍"), "Žluť 👍");
}

TEST(TextTest, ControlsAreSeen) {
  EXPECT_FALSE(HasControls("plain è 👍"));
  for (const char* text : {"a\rb", "a\nb", "\x7f", "\u0085", "\xff", "\t"}) {
    EXPECT_TRUE(HasControls(text)) << text;
  }
}

TEST(TextTest, CharactersAreNotCutInTheMiddle) {
  EXPECT_EQ(CutCharacters("èèè", 2), "èè");
  EXPECT_EQ(CutCharacters("ab", 5), "ab");
}

TEST(TextTest, AddressesInAnswersAreMasked) {
  EXPECT_EQ(
      MaskAddresses("550 5.1.1 <jane@acme.example>: no; To +393331234567 bad"),
      "550 5.1.1 <j***@acme.example>: no; To +39********67 bad");
  const struct {
    const char* text;
    const char* masked;
  } cases[] = {
      {"+39 333 1234567", "+39**********67"},
      {"00393331234567", "003*********67"},
      {"call +39 (0)333-1234567, or not", "call +39*************67, or not"},
      {"jür..@exämple.de", "j***@exämple.de"},
      {"ürs@x.de", "ü***@x.de"},
      {"o'brien!x@acme.example", "o***@acme.example"},
      {"a@b@acme.example", "a***@acme.example"},
      {"mailto:jane@acme.example;", "mailto:j***@acme.example;"},
      {"0012345, 2026-11-22 10:00:00.000, 1+1234567",
       "0012345, 2026-11-22 10:00:00.000, 1+1234567"},
      {"+39 is Italy", "+39 is Italy"},
  };
  for (const auto& c : cases) EXPECT_EQ(MaskAddresses(c.text), c.masked);
  EXPECT_EQ(MaskAddresses("RFC 5321, 4711, a+b"), "RFC 5321, 4711, a+b");
}

TEST(TextTest, NumbersInAnswersAreMaskedWithoutTheirPlus) {
  const struct {
    const char* text;
    const char* masked;
  } cases[] = {
      {"393331234567", "393*******67"},
      {"to 393331234567.", "to 393*******67."},
      {"(393331234567), \"3331234567\"", "(393*******67), \"333*****67\""},
      {"to=393331234567&x=1", "to=393*******67&x=1"},
      {"to=+393331234567&x=1", "to=+393*******67&x=1"},
      {"to=%2B393331234567", "to=%2B393*******67"},
      {R"({"to":"\u002B393331234567"})", R"({"to":"\u002B393*******67"})"},
      {R"(no:\n393331234567\n)", R"(no:\n393*******67\n)"},
      {"è393331234567è", "è393*******67è"},
      {"39-3331234567", "39-333*****67"},
      {"123456789", "123****89"},
      {"123456789012345", "123**********45"},
      {"at 1767225600123", "at 176********23"},
      {"issue 1234567890", "issue 123*****90"},
      {"+393331234567 <jane@acme.example>",
       "+39********67 <j***@acme.example>"},
      // Too short, too long, or a part of something else.
      {"ticket 12345678", "ticket 12345678"},
      {"1234567890123456", "1234567890123456"},
      {"queued as 4F393331234567", "queued as 4F393331234567"},
      {"SM393331234567, 393331234567x", "SM393331234567, 393331234567x"},
      {"id_393331234567", "id_393331234567"},
      {"123e4567-e89b-12d3-a456-426614174000",
       "123e4567-e89b-12d3-a456-426614174000"},
      {"pre-0123456789abcdef0123", "pre-0123456789abcdef0123"},
      {"2026-11-22 10:00:00.000", "2026-11-22 10:00:00.000"},
      {"100%", "100%"},
      {"\\", "\\"},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(MaskAnswer(c.text), c.masked);
  // What is not an answer may be our own: positions, sizes.
  EXPECT_EQ(MaskAddresses("393331234567"), "393331234567");
}

TEST(LoopbackTest, OnlyThisMachineIsLoopback) {
  for (const char* here :
       {"localhost", "::1", "[::1]", "127.0.0.1", "127.255.255.255"}) {
    EXPECT_TRUE(IsLoopback(here)) << here;
  }
  for (const char* elsewhere :
       {"", "127.", "127.1", "127.0.0", "127.0.0.", "127.0.0.1.", "127..0.1",
        "127.0.0.256", "127.0.0.1.2", "127.example.com", "127.0.0.1x",
        "127.0.0.x", "128.0.0.1", "::2", "localhost.example.com"}) {
    EXPECT_FALSE(IsLoopback(elsewhere)) << elsewhere;
  }
}

TEST(MailAddressTest, OnlyPlainAddressesPass) {
  for (const char* good :
       {"jane@acme.example", "j.doe+tag@mail.acme.example", "o'b@x.co"}) {
    EXPECT_TRUE(IsMailAddress(good)) << good;
  }
  for (const char* bad : {"",
                          "jane",
                          "@x.y",
                          "jane@",
                          "jane@localhost",
                          "a@b@c.d",
                          "a b@c.d",
                          "a@c .d",
                          "<a@c.d>",
                          "\"a b\"@c.d",
                          "a@[1.2.3.4]",
                          "a..b@c.d",
                          ".a@c.d",
                          "a.@c.d",
                          "a@.c.d",
                          "a@c.d.",
                          "a@-c.d",
                          "jané@c.d",
                          "a@c.d\r\nRCPT TO:<evil@x.y>",
                          "a,b@c.d",
                          "a@c.d,e@f.g"}) {
    EXPECT_FALSE(IsMailAddress(bad)) << bad;
  }
  EXPECT_FALSE(IsMailAddress(std::string(65, 'a') + "@c.d"));
  EXPECT_FALSE(IsMailAddress("a@" + std::string(260, 'b') + ".d"));
}

TEST(MailAddressTest, LogsShowOnlyTheFirstLetter) {
  EXPECT_EQ(MaskMailAddress("jane@acme.example"), "j***@acme.example");
  EXPECT_EQ(MaskMailAddress("none"), "***");
}

}  // namespace
}  // namespace premura
