// SPDX-License-Identifier: Apache-2.0
// Errors are classed as librdkafka's introduction says; what it says of none of
// its classes ends the producer. A producer whose broker did not answer in time
// is not used again: librdkafka repeats the end of a transaction by itself, and
// a repetition that is late would end the next one (KAFKA-17754).

#include "signals/kafka_transaction_log.h"

#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "signals/kafka_handles.h"

namespace premura {
namespace {

using Kind = LogTrouble::Kind;

constexpr int kInitLimit = 30'000;  // Milliseconds, as all that follow.
constexpr int kTransactionLimit = 30'000;
constexpr int kSendLimit = 10'000;
constexpr int kAskLimit = 5'000;
constexpr int kCommittedLimit = 1'000;
constexpr int kReadLimit = 5'000;  // Without any progress.
constexpr int kSlice = 100;
constexpr const char* kHeadName = "premura";
// A record can be large: what is new of the events seen is one.
constexpr const char* kMaxMessage = "67108864";

struct ProducerEnd {
  void operator()(rd_kafka_t* producer) const {
    rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE |
                                 RD_KAFKA_PURGE_F_INFLIGHT |
                                 RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(producer);
  }
};
struct ReaderEnd {
  void operator()(rd_kafka_t* reader) const {
    rd_kafka_destroy_flags(reader, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};
using Producer = std::unique_ptr<rd_kafka_t, ProducerEnd>;
using Reader = std::unique_ptr<rd_kafka_t, ReaderEnd>;

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

// "topic/3".
void AddTo(rd_kafka_topic_partition_list_t* list, const std::string& name,
           std::int64_t offset) {
  const std::size_t slash = name.rfind('/');
  rd_kafka_topic_partition_list_add(list, name.substr(0, slash).c_str(),
                                    std::atoi(name.c_str() + slash + 1))
      ->offset = offset;
}

std::string_view HeadOf(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) !=
          RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, kHeadName, &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {};
  }
  return {static_cast<const char*>(value), size};
}

class KafkaTransactionLog final : public TransactionLog {
 public:
  explicit KafkaTransactionLog(KafkaChangelogOptions options)
      : options_(std::move(options)) {}

  Status Start() {
    for (Readers& it : readers_) {
      auto committed = OpenReader("read_committed");
      if (!committed.ok()) return committed.error();
      it.committed = std::move(committed).value();
      auto all = OpenReader("read_uncommitted");
      if (!all.ok()) return all.error();
      it.all = std::move(all).value();
    }
    return {};
  }

  std::string writer() const override { return options_.transactional_id; }

  // --- Writing ---------------------------------------------------------------

  LogTrouble Init() override {
    producer_.reset();
    doubtful_ = false;
    auto producer = OpenProducer(options_.transactional_id);
    if (!producer.ok()) return {Kind::kRetry, producer.error().message};
    producer_ = std::move(producer).value();
    return TroubleOf("init_transactions",
                     rd_kafka_init_transactions(producer_.get(), kInitLimit));
  }

  LogTrouble Begin() override {
    rd_kafka_poll(producer_.get(), 0);
    if (doubtful_) {
      return {Kind::kFatal, "kafka: a broker has not answered in time"};
    }
    return TroubleOf("begin_transaction",
                     rd_kafka_begin_transaction(producer_.get()));
  }

  LogTrouble Append(std::uint32_t partition, const LogRecord& record) override {
    for (int waited = 0;; waited += kSlice) {
      const rd_kafka_resp_err_t error = Produce(partition, record);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL ||
          waited >= kTransactionLimit) {
        return {Kind::kAbort,
                std::string("kafka: produce: ") + rd_kafka_err2str(error)};
      }
      rd_kafka_poll(producer_.get(), kSlice);
    }
  }

  LogTrouble SendPositions(const std::map<std::string, std::int64_t>& positions,
                           const Membership* membership) override {
    const KafkaList list(
        rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& [name, position] : positions) {
      AddTo(list.get(), name, position);
    }
    const auto* const member = static_cast<const KafkaMembership*>(membership);
    return TroubleOf(
        "send_offsets_to_transaction",
        rd_kafka_send_offsets_to_transaction(producer_.get(), list.get(),
                                             member->metadata(), kSendLimit));
  }

  LogTrouble Commit() override {
    return TroubleOf(
        "commit_transaction",
        rd_kafka_commit_transaction(producer_.get(), kTransactionLimit));
  }

  LogTrouble Abort() override {
    return TroubleOf("abort_transaction",
                     rd_kafka_abort_transaction(producer_.get(), kSendLimit));
  }

  // --- Reading ---------------------------------------------------------------

  Result<Ends> EndsOf(std::uint32_t partition) override {
    const Borrowed readers = Borrow();
    Ends ends;
    const Status stable =
        Ask(readers.it->committed.get(), partition, &ends.stable);
    if (!stable.ok()) return stable.error();
    const Status last = Ask(readers.it->all.get(), partition, &ends.last);
    if (!last.ok()) return last.error();
    return ends;
  }

  // A transaction's end takes up a place too, so that nothing may come between
  // the last record and `to` but the end of the partition.
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const Visit& visit) override {
    if (from >= to) return {};
    const Borrowed readers = Borrow();
    rd_kafka_t* const reader = readers.it->committed.get();
    const KafkaList list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), options_.topic.c_str(),
                                      static_cast<std::int32_t>(partition))
        ->offset = from;
    rd_kafka_assign(reader, list.get());
    Status read = ReadAssigned(reader, to, visit);
    rd_kafka_assign(reader, nullptr);
    return read;
  }

  void CancelReads() override { cancelled_ = true; }

  Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) override {
    const Borrowed readers = Borrow();
    const KafkaList list(
        rd_kafka_topic_partition_list_new(static_cast<int>(inputs.size())));
    for (const std::string& name : inputs) {
      AddTo(list.get(), name, RD_KAFKA_OFFSET_INVALID);
    }
    const rd_kafka_resp_err_t error = rd_kafka_committed(
        readers.it->committed.get(), list.get(), kCommittedLimit);
    if (IsUndecided(error)) return Committed();
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return Trouble("committed", error);
    Committed committed(std::in_place);
    for (int i = 0; i < list->cnt; ++i) {
      const rd_kafka_topic_partition_t& it = list->elems[i];
      if (IsUndecided(it.err)) return Committed();
      if (it.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return Trouble("committed", it.err);
      }
      if (it.offset < 0) continue;
      (*committed)[std::string(it.topic) + "/" + std::to_string(it.partition)] =
          it.offset;
    }
    return committed;
  }

  LogTrouble Fence(const std::string& writer) override {
    const auto producer = OpenProducer(writer);
    if (!producer.ok()) return {Kind::kRetry, producer.error().message};
    return TroubleOf(
        "init_transactions",
        rd_kafka_init_transactions(producer.value().get(), kSendLimit));
  }

 private:
  struct Readers {
    std::mutex busy;
    Reader committed;
    Reader all;
  };
  struct Borrowed {
    Readers* it;
    std::unique_lock<std::mutex> lock;
  };

  // A cell is read for as long as that takes; who writes looks meanwhile.
  Borrowed Borrow() {
    std::unique_lock lock(readers_[0].busy, std::try_to_lock);
    if (lock) return {&readers_[0], std::move(lock)};
    return {&readers_[1], std::unique_lock(readers_[1].busy)};
  }

  static Error Trouble(const char* what, rd_kafka_resp_err_t error) {
    return Error{std::string("kafka: ") + what + ": " +
                 rd_kafka_err2str(error)};
  }

  // librdkafka asks again while offsets are not stable, until time is up.
  static bool IsUndecided(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           error == RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
  }

  Result<KafkaConf> MakeConf(std::map<std::string, std::string> more) {
    std::map<std::string, std::string> properties = options_.properties;
    more.merge(properties);
    Result<KafkaConf> conf = MakeKafkaConf(more);
    if (!conf.ok()) return conf;
    rd_kafka_conf_set_opaque(conf.value().get(), this);
    rd_kafka_conf_set_log_cb(conf.value().get(), &LogCallback);
    rd_kafka_conf_set_error_cb(conf.value().get(), &ErrorCallback);
    return conf;
  }

  Result<Producer> OpenProducer(const std::string& id) {
    Result<KafkaConf> conf =
        MakeConf({{"transactional.id", id},
                  {"transaction.timeout.ms", std::to_string(kTransactionLimit)},
                  {"retry.backoff.ms", "5"},
                  {"linger.ms", "5"},
                  {"compression.type", "lz4"},
                  {"message.max.bytes", kMaxMessage},
                  {"queue.buffering.max.messages", "1000000"}});
    if (!conf.ok()) return conf.error();
    std::array<char, 512> why{};
    Producer producer(rd_kafka_new(RD_KAFKA_PRODUCER, conf.value().get(),
                                   why.data(), why.size()));
    if (producer == nullptr) return Error{"kafka: " + std::string(why.data())};
    (void)conf.value().release();  // The producer's now.
    return producer;
  }

  Result<Reader> OpenReader(const char* isolation) {
    Result<KafkaConf> conf = MakeConf({{"group.id", options_.group},
                                       {"isolation.level", isolation},
                                       {"enable.auto.commit", "false"},
                                       {"enable.partition.eof", "true"},
                                       {"fetch.wait.max.ms", "10"},
                                       {"auto.offset.reset", "error"},
                                       // With the default a reader that is
                                       // slower than the broker stands still
                                       // for a second, again and again.
                                       {"queued.min.messages", "10000000"},
                                       {"queued.max.messages.kbytes", "65536"},
                                       {"check.crcs", "true"}});
    if (!conf.ok()) return conf.error();
    std::array<char, 512> why{};
    Reader reader(rd_kafka_new(RD_KAFKA_CONSUMER, conf.value().get(),
                               why.data(), why.size()));
    if (reader == nullptr) return Error{"kafka: " + std::string(why.data())};
    (void)conf.value().release();  // The reader's now.
    rd_kafka_poll_set_consumer(reader.get());
    return reader;
  }

  rd_kafka_resp_err_t Produce(std::uint32_t partition,
                              const LogRecord& record) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, kHeadName, -1, record.head.data(),
                        static_cast<ssize_t>(record.head.size()));
    // A value that is empty is not one that is not there.
    static constexpr char kEmpty = 0;
    const std::string_view value = record.value.value_or(std::string_view());
    const char* bytes = value.empty() ? &kEmpty : value.data();
    if (!record.value) bytes = nullptr;
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer_.get(), RD_KAFKA_V_TOPIC(options_.topic.c_str()),
        RD_KAFKA_V_PARTITION(static_cast<std::int32_t>(partition)),
        RD_KAFKA_V_KEY(record.key.data(), record.key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(bytes), value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
        RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return error;
  }

  Status Ask(rd_kafka_t* reader, std::uint32_t partition,
             std::int64_t* end) const {
    std::int64_t low = 0;
    const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
        reader, options_.topic.c_str(), static_cast<std::int32_t>(partition),
        &low, end, kAskLimit);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
    return Trouble("where the changelog ends", error);
  }

  Status ReadAssigned(rd_kafka_t* reader, std::int64_t to,
                      const Visit& visit) const {
    for (int idle = 0; idle < kReadLimit;) {
      if (cancelled_) return Error{"kafka: reading the changelog: cancelled"};
      const KafkaMessage message(rd_kafka_consumer_poll(reader, kSlice));
      if (!message) {
        idle += kSlice;
        continue;
      }
      if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (message->offset >= to) return {};
        continue;
      }
      if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        // It goes on by itself, but for what it says of the partition.
        if (message->rkt == nullptr) continue;
        return Trouble("reading the changelog", message->err);
      }
      idle = 0;
      if (message->offset >= to) return {};
      HandOn(*message, visit);
      if (message->offset + 1 >= to) return {};
    }
    return Error{"kafka: reading the changelog: nothing came for too long"};
  }

  static void HandOn(const rd_kafka_message_t& message, const Visit& visit) {
    LogRecord record;
    record.key = {static_cast<const char*>(message.key), message.key_len};
    if (message.payload != nullptr) {
      record.value = {static_cast<const char*>(message.payload), message.len};
    }
    record.head = HeadOf(message);
    visit(record);
  }

  static void LogCallback(const rd_kafka_t* handle, int level,
                          const char* facility, const char* words) {
    auto* const self =
        static_cast<KafkaTransactionLog*>(rd_kafka_opaque(handle));
    if (std::string_view(facility) == "REQTMOUT") self->doubtful_ = true;
    if (self->options_.log) {
      self->options_.log(level, std::string(facility) + ": " + words);
    }
  }

  static void ErrorCallback(rd_kafka_t* handle, int error, const char* words,
                            void* /*self*/) {
    constexpr int kError = 3;
    LogCallback(handle, kError,
                rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)),
                words);
  }

  const KafkaChangelogOptions options_;
  // A request of some handle was not answered in time.
  std::atomic<bool> doubtful_ = false;
  std::atomic<bool> cancelled_ = false;
  std::array<Readers, 2> readers_;
  Producer producer_;  // The writing thread's.
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
