// SPDX-License-Identifier: Apache-2.0
// Against what Kafka's Java client and librdkafka answer.

#include "signals/partitioner.h"

#include <gmock/gmock.h>

#include <string>

namespace premura {
namespace {

// From the Java client's own test of its hash (UtilsTest.testMurmur2), without
// the sign, over 2^31.
TEST(PartitionerTest, Murmur2IsJavas) {
  const struct {
    std::string key;
    std::uint32_t hash;
  } cases[] = {{"21", 0xffffffff - 973932308 + 1},
               {"foobar", 0xffffffff - 790332482 + 1},
               {"a-little-bit-long-string", 0xffffffff - 985981536 + 1},
               {"a-little-bit-longer-string", 0xffffffff - 1486304829 + 1},
               {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                0xffffffff - 58897971 + 1},
               {"abc", 479470107}};
  constexpr std::uint32_t kMany = 0x7fffffff;
  for (const auto& each : cases) {
    EXPECT_EQ(PartitionOf(each.key, kMany, Partitioner::kMurmur2),
              (each.hash & 0x7fffffff) % kMany)
        << each.key;
  }
}

TEST(PartitionerTest, Crc32IsLibrdkafkas) {
  EXPECT_EQ(PartitionOf("123456789", 1'000'000, Partitioner::kCrc32),
            0xcbf43926 % 1'000'000);
  EXPECT_EQ(PartitionOf("", 7, Partitioner::kCrc32), 0U);
}

}  // namespace
}  // namespace premura
