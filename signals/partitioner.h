// SPDX-License-Identifier: Apache-2.0
// Partitioner: which partition a record with that key is in, by what most
// producers do.

#pragma once

#include <cstdint>
#include <string_view>

namespace premura {

enum class Partitioner {
  kMurmur2,  // Java's clients; librdkafka's `murmur2_random`.
  kCrc32,    // librdkafka's own default, `consistent_random`.
};

std::uint32_t PartitionOf(std::string_view key, std::uint32_t partitions,
                          Partitioner partitioner);

}  // namespace premura
