// SPDX-License-Identifier: Apache-2.0
#include "rules/printable.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(PrintableTest, NoControlReachesATerminal) {
  EXPECT_EQ(Printable("a\n\x1b[31m\u009bè\r\u2028\xff\x7f 👍"),
            "a??[31m?è???? 👍");
  EXPECT_EQ(Printable("a\n\tb\r", "\n\t"), "a\n\tb?");
  EXPECT_EQ(Printable(""), "");
}

}  // namespace
}  // namespace premura
