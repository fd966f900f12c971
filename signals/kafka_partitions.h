// SPDX-License-Identifier: Apache-2.0
// KafkaPartitions: the numbers that a source gives to (topic, partition), and
// what is known of each. A number is for the life of the source.
//
// Thread: one at a time.

#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace premura {

struct KafkaPartition {
  std::string topic;
  std::int32_t partition = 0;
  bool assigned = false;  // And read.
  bool held = false;      // Ours, but not read before it has begun.
  bool at_end = false;
  std::int64_t next = -1;  // Next offset to hand on; -1: nothing read yet.
  std::int64_t start = RD_KAFKA_OFFSET_INVALID;  // Where it has begun.
};

class KafkaPartitions {
 public:
  // Gives a number if there is none yet.
  std::uint32_t Number(const char* topic, std::int32_t partition) {
    const auto [it, added] = numbers_.try_emplace(
        {topic, partition}, static_cast<std::uint32_t>(partitions_.size()));
    if (added) partitions_.push_back({.topic = topic, .partition = partition});
    return it->second;
  }

  // Gives this number, which no other has. REQUIRES: there is none yet.
  void Restore(std::uint32_t number, const std::string& topic,
               std::int32_t partition) {
    if (number >= partitions_.size()) partitions_.resize(number + 1);
    partitions_[number] = {.topic = topic, .partition = partition};
    numbers_[{topic, partition}] = number;
  }

  // The same, quickly: `handle` is librdkafka's, one per topic for as long as
  // nothing is assigned or taken away.
  std::uint32_t Number(const void* handle, const char* topic,
                       std::int32_t partition) {
    if (handle != last_handle_ || partition != last_partition_) {
      last_handle_ = handle;
      last_partition_ = partition;
      last_number_ = Number(topic, partition);
    }
    return last_number_;
  }
  void ForgetHandles() { last_handle_ = nullptr; }

  // REQUIRES: the number has been given.
  KafkaPartition& operator[](std::uint32_t number) {
    return partitions_[number];
  }
  const KafkaPartition& operator[](std::uint32_t number) const {
    return partitions_[number];
  }
  const std::vector<KafkaPartition>& all() const { return partitions_; }

 private:
  std::vector<KafkaPartition> partitions_;
  std::map<std::pair<std::string, std::int32_t>, std::uint32_t> numbers_;
  const void* last_handle_ = nullptr;
  std::int32_t last_partition_ = -1;
  std::uint32_t last_number_ = 0;
};

}  // namespace premura
