// SPDX-License-Identifier: Apache-2.0
// KafkaLogReader: reads a changelog's topic, and what the group has committed,
// without being a member. Two at once may: a cell is read for as long as that
// takes, and who writes looks meanwhile.
//
// Thread-safe. For the kafka_*.cc files only.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "signals/kafka_log_clients.h"
#include "signals/transaction_log.h"

namespace premura {

class KafkaLogReader {
 public:
  // `clients` must outlive it.
  explicit KafkaLogReader(KafkaLogClients* clients) : clients_(clients) {}

  Status Start();

  // As TransactionLog says.
  Result<TransactionLog::Ends> EndsOf(std::uint32_t partition);
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const TransactionLog::Visit& visit);
  Result<TransactionLog::Committed> CommittedOf(
      const std::vector<std::string>& inputs);
  Result<TransactionLog::Unread> UnreadOf(
      const std::vector<std::string>& inputs);
  // Whose transaction the first undecided record is of; empty where it does not
  // say. nullopt: there is none.
  Result<std::optional<std::string>> UndecidedWriterOf(std::uint32_t partition);
  void Cancel() { cancelled_ = true; }
  bool gone() const { return gone_; }

 private:
  struct Readers {
    std::mutex busy;
    KafkaReader committed;  // read_committed,
    KafkaReader all;        // and read_uncommitted.
  };
  struct Borrowed {
    Readers* it;
    std::unique_lock<std::mutex> lock;
  };

  Borrowed Borrow();
  // Where the partition begins or ends, as librdkafka's logical offsets name
  // it; as far as the reader's isolation lets it see.
  Result<std::int64_t> Ask(rd_kafka_t* reader, std::uint32_t partition,
                           std::int64_t which) const;
  rd_kafka_resp_err_t OffsetsFor(rd_kafka_t* reader, const KafkaList& list,
                                 int limit) const;
  using VisitMessage = std::function<void(const rd_kafka_message_t&)>;
  // What that reader sees of it.
  Status ReadBy(rd_kafka_t* reader, std::uint32_t partition, std::int64_t from,
                std::int64_t to, const VisitMessage& visit) const;
  Status ReadAssigned(rd_kafka_t* reader, std::int64_t to,
                      const VisitMessage& visit) const;

  KafkaLogClients* const clients_;
  std::array<Readers, 2> readers_;
  std::atomic<bool> cancelled_ = false;
  mutable std::atomic<bool> gone_ = false;
};

}  // namespace premura
