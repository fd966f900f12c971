// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/process_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace premura {
namespace {

TEST(ProcessMemoryTest, CountsWhatIsTouched) {
  constexpr std::size_t kMuch = std::size_t{64} << 20;
  const ProcessMemory before = ReadProcessMemory();
  ASSERT_GT(before.resident, 0U);
  std::vector<char> touched(kMuch, 1);
  const ProcessMemory held = ReadProcessMemory();
  EXPECT_EQ(touched.back(), 1);
  EXPECT_GE(held.resident, before.resident + kMuch / 2);
  // A sanitizer's allocator counts nothing.
  if (before.heap_used == 0) return;
  EXPECT_GE(held.heap_used, before.heap_used + kMuch);
}

}  // namespace
}  // namespace premura
