// SPDX-License-Identifier: Apache-2.0
// KafkaStarts: where partitions that come for the first time are read from:
// where a checkpoint says, as far as that is still right; else where the group
// is, or before that, to make up for what nobody knows any more. Part of the
// Kafka source.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "signals/kafka_consumer.h"
#include "signals/source.h"

namespace premura {

class KafkaStarts {
 public:
  using List = rd_kafka_topic_partition_list_t;

  // `tell`: what went wrong on the way. The consumer must outlive it.
  KafkaStarts(const KafkaConsumer* consumer,
              std::optional<Timestamp> make_up_from,
              std::function<void(const std::string&)> tell);

  void Resume(const PartitionPlace& place);

  // How each begins, in order; sets the list's offsets. `numbers` are the
  // source's. May wait for the brokers.
  std::vector<PartitionStart> Of(std::span<const std::uint32_t> numbers,
                                 List* list);

  // The same of one that a former owner's word is known of, or, if `place` is
  // nullptr, nothing; as often as it comes.
  PartitionStart Begin(const PartitionPlace* place,
                       rd_kafka_topic_partition_t* partition);

 private:
  // Of partitions that come.
  struct Known {
    KafkaConsumer::Offsets committed;
    KafkaConsumer::Offsets make_up_from;
  };

  Known Ask(const List& list);
  KafkaConsumer::Offsets Answer(Result<KafkaConsumer::Offsets> offsets);
  PartitionStart StartOf(std::uint32_t number, const Known& known,
                         rd_kafka_topic_partition_t* partition);
  PartitionStart Resume(const PartitionPlace& place,
                        rd_kafka_topic_partition_t* partition);
  static PartitionStart MakeUp(const std::string& why, std::int64_t group,
                               const Known& known,
                               rd_kafka_topic_partition_t* partition);

  const KafkaConsumer* const consumer_;
  const std::optional<Timestamp> make_up_from_;
  const std::function<void(const std::string&)> tell_;
  std::map<std::uint32_t, PartitionPlace> places_;  // To go on from.
  std::set<std::uint32_t> begun_;  // Partitions, once they had come.
};

}  // namespace premura
