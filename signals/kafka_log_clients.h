// SPDX-License-Identifier: Apache-2.0
// KafkaLogClients: makes librdkafka's clients for a changelog, and hears what
// they log: a request that was not answered in time is known by nothing else.
//
// Thread-safe. Must outlive its clients. For the kafka_*.cc files only.

#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "rules/result.h"
#include "signals/kafka_handles.h"
#include "signals/kafka_transaction_log.h"

namespace premura {

// Milliseconds that a transaction may take.
inline constexpr int kKafkaTransactionLimit = 30'000;

struct KafkaProducerEnd {
  void operator()(rd_kafka_t* producer) const;
};
struct KafkaReaderEnd {
  void operator()(rd_kafka_t* reader) const;
};
using KafkaProducer = std::unique_ptr<rd_kafka_t, KafkaProducerEnd>;
using KafkaReader = std::unique_ptr<rd_kafka_t, KafkaReaderEnd>;

class KafkaLogClients {
 public:
  explicit KafkaLogClients(KafkaChangelogOptions options)
      : options_(std::move(options)) {}
  KafkaLogClients(const KafkaLogClients&) = delete;
  KafkaLogClients& operator=(const KafkaLogClients&) = delete;

  const KafkaChangelogOptions& options() const { return options_; }

  // A transactional one by that id.
  Result<KafkaProducer> OpenProducer(const std::string& id);
  // A consumer that joins no group; `isolation` as librdkafka has it.
  Result<KafkaReader> OpenReader(const char* isolation);

  // Whether some request was not answered in time, since it was last asked to
  // forget that.
  bool doubtful() const { return doubtful_; }
  void ForgetDoubts() { doubtful_ = false; }

 private:
  Result<KafkaConf> MakeConf(std::map<std::string, std::string> more);
  Result<rd_kafka_t*> Open(rd_kafka_type_t type,
                           std::map<std::string, std::string> more);

  static void LogCallback(const rd_kafka_t* handle, int level,
                          const char* facility, const char* words);
  static void ErrorCallback(rd_kafka_t* handle, int error, const char* words,
                            void* self);

  const KafkaChangelogOptions options_;
  std::atomic<bool> doubtful_ = false;
};

}  // namespace premura
