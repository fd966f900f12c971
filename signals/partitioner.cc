// SPDX-License-Identifier: Apache-2.0
#include "signals/partitioner.h"

#include <zlib.h>

namespace premura {
namespace {

// MurmurHash2, of 32 bits, with the seed that Kafka's Java client has
// (org.apache.kafka.common.utils.Utils).
std::uint32_t Murmur2(std::string_view key) {
  constexpr std::uint32_t kMix = 0x5bd1e995;
  const auto byte = [key](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(key[i])};
  };
  std::uint32_t hash = 0x9747b28c ^ static_cast<std::uint32_t>(key.size());
  const std::size_t whole = key.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    std::uint32_t word =
        byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    word *= kMix;
    word ^= word >> 24;
    word *= kMix;
    hash = hash * kMix ^ word;
  }
  const std::size_t rest = key.size() - whole;
  if (rest > 2) hash ^= byte(whole + 2) << 16;
  if (rest > 1) hash ^= byte(whole + 1) << 8;
  if (rest > 0) hash = (hash ^ byte(whole)) * kMix;
  hash ^= hash >> 13;
  hash *= kMix;
  return hash ^ hash >> 15;
}

std::uint32_t Crc32(std::string_view key) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(key.data()),
            static_cast<uInt>(key.size())));
}

}  // namespace

std::uint32_t PartitionOf(std::string_view key, std::uint32_t partitions,
                          Partitioner partitioner) {
  constexpr std::uint32_t kPositive = 0x7fffffff;
  return partitioner == Partitioner::kMurmur2
             ? (Murmur2(key) & kPositive) % partitions
             : Crc32(key) % partitions;
}

}  // namespace premura
