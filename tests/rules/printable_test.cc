// SPDX-License-Identifier: Apache-2.0
#include "rules/printable.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(PrintableTest, NoControlReachesATerminal) {
  EXPECT_EQ(Printable("a\n\x1b[31m\u009bè\r\u2028\xff\x7f 👍"),
            "a??[31m?è???? 👍");
  EXPECT_EQ(Printable("a\n\tb\r", "\n\t"), "a\n\tb?");
  // They would show a text in another order than it has.
  EXPECT_EQ(Printable("\u2029a\u202ab\u202ec\u2066d\u2069"), "?a?b?c?d?");
  EXPECT_EQ(Printable("\u200f\u2027\u202f\u2065\u206a\u00a0"),
            "\u200f\u2027\u202f\u2065\u206a\u00a0");
  EXPECT_EQ(Printable(""), "");
}

}  // namespace
}  // namespace premura
