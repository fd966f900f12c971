// SPDX-License-Identifier: Apache-2.0

#include "daemon/run_program.h"

#include <gtest/gtest.h>

namespace premura {
namespace {

TEST(RunProgramTest, AnswersWhatItPrintsAndItsCode) {
  const auto ran =
      RunProgram({"sh", "-c", "cat; echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(ran.ok());
  EXPECT_EQ(ran.value().code, 3);
  EXPECT_EQ(ran.value().out, "out\n");
  EXPECT_EQ(ran.value().err, "err\n");
  const auto killed = RunProgram({"sh", "-c", "kill -9 $$"});
  ASSERT_TRUE(killed.ok());
  EXPECT_EQ(killed.value().code, 128 + 9);
  const auto none = RunProgram({"no-such-program-at-all"});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message,
            "cannot run no-such-program-at-all: No such file or directory");
}

}  // namespace
}  // namespace premura
