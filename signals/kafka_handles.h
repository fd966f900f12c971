// SPDX-License-Identifier: Apache-2.0
// Owners of librdkafka's handles. For the kafka_*.cc files only.

#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"
#include "signals/checkpoint_sink.h"

namespace premura {

template <auto Destroy>
struct KafkaDeleter {
  template <typename T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};

using KafkaConf =
    std::unique_ptr<rd_kafka_conf_t, KafkaDeleter<rd_kafka_conf_destroy>>;
using KafkaQueue =
    std::unique_ptr<rd_kafka_queue_t, KafkaDeleter<rd_kafka_queue_destroy>>;
using KafkaEvent =
    std::unique_ptr<rd_kafka_event_t, KafkaDeleter<rd_kafka_event_destroy>>;
using KafkaMessage =
    std::unique_ptr<rd_kafka_message_t, KafkaDeleter<rd_kafka_message_destroy>>;
using KafkaList =
    std::unique_ptr<rd_kafka_topic_partition_list_t,
                    KafkaDeleter<rd_kafka_topic_partition_list_destroy>>;

using KafkaFault =
    std::unique_ptr<rd_kafka_error_t, KafkaDeleter<rd_kafka_error_destroy>>;

class KafkaMembership final : public Membership {
 public:
  explicit KafkaMembership(rd_kafka_consumer_group_metadata_t* metadata)
      : metadata_(metadata) {}
  const rd_kafka_consumer_group_metadata_t* metadata() const {
    return metadata_.get();
  }

 private:
  std::unique_ptr<rd_kafka_consumer_group_metadata_t,
                  KafkaDeleter<rd_kafka_consumer_group_metadata_destroy>>
      metadata_;
};

// A changelog's records have this header.
inline constexpr const char* kKafkaLogHeader = "premura";
// Has the transactional id, with a transaction's first record of a partition.
inline constexpr const char* kKafkaWriterHeader = "premura-writer";

// "topic/3": what a partition is called outside the kafka_*.cc files.
inline std::string KafkaPartitionName(const std::string& topic,
                                      std::int32_t partition) {
  return topic + "/" + std::to_string(partition);
}
// Of partitions called so, in this order.
inline KafkaList KafkaListOf(const std::vector<std::string>& names,
                             std::int64_t offset = RD_KAFKA_OFFSET_INVALID) {
  KafkaList list(
      rd_kafka_topic_partition_list_new(static_cast<int>(names.size())));
  for (const std::string& name : names) {
    const std::size_t slash = name.rfind('/');
    rd_kafka_topic_partition_list_add(list.get(), name.substr(0, slash).c_str(),
                                      std::atoi(name.c_str() + slash + 1))
        ->offset = offset;
  }
  return list;
}

// With our defaults for what a person has not set, and with what the source
// rests on.
std::map<std::string, std::string> CompleteConsumerProperties(
    std::map<std::string, std::string> properties);

// A configuration with these properties; the error names the property.
Result<KafkaConf> MakeKafkaConf(
    const std::map<std::string, std::string>& properties);

}  // namespace premura
