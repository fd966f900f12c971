// SPDX-License-Identifier: Apache-2.0
// Errors are classed as librdkafka's introduction says; what it says of none of
// its classes ends the producer. A producer whose broker did not answer in time
// is not used again: librdkafka repeats the end of a transaction by itself, and
// a repetition that is late would end the next one (KAFKA-17754).

#include "signals/kafka_transaction_log.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <string_view>
#include <utility>

#include "signals/kafka_handles.h"
#include "signals/kafka_log_clients.h"
#include "signals/kafka_log_reader.h"

namespace premura {
namespace {

using Kind = LogTrouble::Kind;

constexpr int kInitLimit = 30'000;  // Milliseconds, as all that follow.
constexpr int kFenceLimit = 10'000;
constexpr int kAbortLimit = 10'000;
constexpr int kPositionsLimit = 5'000;
// So soon a call that waits sees that nobody waits for it any more.
constexpr int kSlice = 250;

bool IsFence(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION ||
         error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

LogTrouble TroubleOf(const char* what, rd_kafka_error_t* raw) {
  if (raw == nullptr) return {};
  const KafkaFault error(raw);
  LogTrouble trouble;
  trouble.words =
      std::string("kafka: ") + what + ": " + rd_kafka_error_string(raw);
  if (rd_kafka_error_is_fatal(raw) != 0) {
    trouble.kind = Kind::kFatal;
  } else if (IsFence(rd_kafka_error_code(raw))) {
    trouble.kind = Kind::kFenced;
  } else if (rd_kafka_error_txn_requires_abort(raw) != 0) {
    trouble.kind = Kind::kAbort;
  } else if (rd_kafka_error_is_retriable(raw) != 0) {
    trouble.kind = Kind::kRetry;
  } else {
    trouble.kind = Kind::kFatal;
  }
  return trouble;
}

class KafkaTransactionLog final : public TransactionLog {
 public:
  explicit KafkaTransactionLog(KafkaChangelogOptions options)
      : clients_(std::move(options)), reader_(&clients_) {}

  Status Start() { return reader_.Start(); }

  std::string writer() const override {
    return clients_.options().transactional_id;
  }

  // --- Writing ---------------------------------------------------------------

  LogTrouble Init() override {
    producer_.reset();
    if (cancelled_) return Cancelled("init_transactions");
    clients_.ForgetDoubts();
    auto producer = clients_.OpenProducer(writer());
    if (!producer.ok()) return {Kind::kRetry, producer.error().message};
    producer_ = std::move(producer).value();
    return Wait("init_transactions", kInitLimit, [this](int limit) {
      return rd_kafka_init_transactions(producer_.get(), limit);
    });
  }

  LogTrouble Begin() override {
    if (cancelled_) return Cancelled("begin_transaction");
    rd_kafka_poll(producer_.get(), 0);
    begun_.clear();
    if (clients_.doubtful()) {
      return {Kind::kFatal, "kafka: a broker has not answered in time"};
    }
    return TroubleOf("begin_transaction",
                     rd_kafka_begin_transaction(producer_.get()));
  }

  LogTrouble Append(std::uint32_t partition, const LogRecord& record) override {
    for (int waited = 0;; waited += kSlice) {
      const rd_kafka_resp_err_t error = Produce(partition, record);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        begun_.insert(partition);
        return {};
      }
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL || cancelled_ ||
          waited >= kKafkaTransactionLimit) {
        return {Kind::kAbort,
                std::string("kafka: produce: ") + rd_kafka_err2str(error)};
      }
      rd_kafka_poll(producer_.get(), kSlice);
    }
  }

  // This one can be done again, but not gone on with. The records go first:
  // where positions are undecided, the changelog says whose they are.
  LogTrouble SendPositions(const std::map<std::string, std::int64_t>& positions,
                           const Membership* membership) override {
    if (cancelled_) {
      return {Kind::kAbort, Cancelled("send_offsets_to_transaction").words};
    }
    if (LogTrouble flushed = Flush(); !flushed.ok()) return flushed;
    std::vector<std::string> names;
    for (const auto& [name, position] : positions) names.push_back(name);
    const KafkaList list = KafkaListOf(names);
    int i = 0;
    for (const auto& [name, position] : positions) {
      list->elems[i++].offset = position;
    }
    const auto* const member = static_cast<const KafkaMembership*>(membership);
    return TroubleOf(
        "send_offsets_to_transaction",
        rd_kafka_send_offsets_to_transaction(
            producer_.get(), list.get(), member->metadata(), kPositionsLimit));
  }

  LogTrouble Commit() override {
    return Wait("commit_transaction", kKafkaTransactionLimit,
                [this](int limit) {
                  return rd_kafka_commit_transaction(producer_.get(), limit);
                });
  }

  LogTrouble Abort() override {
    return Wait("abort_transaction", kAbortLimit, [this](int limit) {
      return rd_kafka_abort_transaction(producer_.get(), limit);
    });
  }

  LogTrouble AbortUndecided(std::uint32_t partition) override {
    const auto other = reader_.UndecidedWriterOf(partition);
    if (!other.ok()) return {Kind::kRetry, other.error().message};
    if (!other.value() || *other.value() == writer()) return {};
    if (other.value()->empty()) {
      return {Kind::kRetry, "it does not say whose it is; brokers end it"};
    }
    const auto producer = clients_.OpenProducer(*other.value());
    if (!producer.ok()) return {Kind::kRetry, producer.error().message};
    return Wait("init_transactions", kFenceLimit, [&producer](int limit) {
      return rd_kafka_init_transactions(producer.value().get(), limit);
    });
  }

  void Cancel() override {
    cancelled_ = true;
    reader_.Cancel();
  }

  // --- Reading ---------------------------------------------------------------

  Result<Ends> EndsOf(std::uint32_t partition) override {
    return reader_.EndsOf(partition);
  }
  bool Gone() const override { return reader_.gone(); }
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const Visit& visit) override {
    return reader_.Read(partition, from, to, visit);
  }
  Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) override {
    return reader_.CommittedOf(inputs);
  }
  Result<Unread> UnreadOf(const std::vector<std::string>& inputs) override {
    return reader_.UnreadOf(inputs);
  }

 private:
  static LogTrouble Cancelled(const char* what) {
    return {Kind::kRetry, std::string("kafka: ") + what + ": cancelled"};
  }

  // A call that goes on where it was when it is made again, until it is done or
  // time is up, or nobody waits for it any more. In librdkafka 2.0 these three
  // are such: after a timeout they go on in the background, and the next call
  // takes their result (rdkafka_txnmgr.c, rd_kafka_txn_curr_api_begin). Where
  // it takes another step's for it, the last, which acknowledges, wants the
  // transaction to be over, and fails.
  template <typename Call>
  LogTrouble Wait(const char* what, int limit, const Call& call) const {
    for (int waited = 0;; waited += kSlice) {
      if (cancelled_) return Cancelled(what);
      rd_kafka_error_t* const error = call(std::min(kSlice, limit));
      const bool late =
          error != nullptr &&
          rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT &&
          rd_kafka_error_is_retriable(error) != 0;
      if (!late || waited + kSlice >= limit) return TroubleOf(what, error);
      rd_kafka_error_destroy(error);
    }
  }

  // Whether they were delivered the transaction knows.
  LogTrouble Flush() {
    for (int waited = 0;; waited += kSlice) {
      const rd_kafka_resp_err_t error = rd_kafka_flush(producer_.get(), kSlice);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (cancelled_ || waited >= kKafkaTransactionLimit) {
        return {Kind::kAbort,
                std::string("kafka: flush: ") + rd_kafka_err2str(error)};
      }
    }
  }

  rd_kafka_resp_err_t Produce(std::uint32_t partition,
                              const LogRecord& record) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(2);
    if (!begun_.contains(partition)) {
      rd_kafka_header_add(headers, kKafkaWriterHeader, -1, writer().c_str(),
                          -1);
    }
    rd_kafka_header_add(headers, kKafkaLogHeader, -1, record.head.data(),
                        static_cast<ssize_t>(record.head.size()));
    // A value that is empty is not one that is not there.
    static constexpr char kEmpty = 0;
    const std::string_view value = record.value.value_or(std::string_view());
    const char* bytes = value.empty() ? &kEmpty : value.data();
    if (!record.value) bytes = nullptr;
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer_.get(), RD_KAFKA_V_TOPIC(clients_.options().topic.c_str()),
        RD_KAFKA_V_PARTITION(static_cast<std::int32_t>(partition)),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(bytes), value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return error;
  }

  KafkaLogClients clients_;
  KafkaLogReader reader_;
  std::atomic<bool> cancelled_ = false;
  // The writing thread's.
  KafkaProducer producer_;
  std::set<std::uint32_t> begun_;  // Partitions that the transaction is in.
};

}  // namespace

Result<std::unique_ptr<TransactionLog>> OpenKafkaTransactionLog(
    KafkaChangelogOptions options) {
  auto log = std::make_unique<KafkaTransactionLog>(std::move(options));
  const Status started = log->Start();
  if (!started.ok()) return started.error();
  return std::unique_ptr<TransactionLog>(std::move(log));
}

}  // namespace premura
