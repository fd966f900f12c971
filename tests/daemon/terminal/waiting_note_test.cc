// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/waiting_note.h"

#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "tests/daemon/locked_text.h"

namespace premura {
namespace {

TEST(WaitingNoteTest, SaysSoOnlyWhenItTakesLong) {
  LockedText said;
  {
    const WaitingNote note(said.stream(), "waiting for b ..", Duration(0));
    while (said.str().empty()) std::this_thread::yield();
  }
  EXPECT_EQ(said.str(), "waiting for b ..\n");
  std::ostringstream quiet;
  { const WaitingNote note(&quiet, "waiting", std::chrono::hours(1)); }
  EXPECT_EQ(quiet.str(), "");
}

}  // namespace
}  // namespace premura
