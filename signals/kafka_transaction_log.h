// SPDX-License-Identifier: Apache-2.0
// A changelog's topic in Kafka: written by a transactional producer, read by
// consumers without a group.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"
#include "signals/transaction_log.h"

namespace premura {

struct KafkaChangelogOptions {
  std::string topic;
  // Of brokers, TLS, SASL, as KafkaOptions has them, and of the group whose
  // positions are committed.
  std::map<std::string, std::string> properties;
  std::string group;
  // The same at each start of this instance, and another for each.
  std::string transactional_id;
  // The source's topics, whose partitions it goes with.
  std::vector<std::string> source_topics;
  // How many brokers are to have it; 0: as many as have the source's topics.
  int replication = 0;
  // Receives librdkafka's log lines and errors: (level 0..7, text).
  std::function<void(int, const std::string&)> log;
};

// How many partitions the topic has, which is created if it is not there.
// Fails, saying what to type, if it is not as it has to be.
Result<std::uint32_t> CheckChangelogTopic(const KafkaChangelogOptions& options);

Result<std::unique_ptr<TransactionLog>> OpenKafkaTransactionLog(
    KafkaChangelogOptions options);

}  // namespace premura
