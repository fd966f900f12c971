// SPDX-License-Identifier: Apache-2.0

#include <array>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "signals/dead_letters.h"
#include "signals/kafka_handles.h"

namespace premura {

namespace {

// All of it together below what a broker takes by default.
constexpr std::size_t kMaxValue = std::size_t{512} << 10;
constexpr std::size_t kMaxKey = std::size_t{64} << 10;
constexpr std::size_t kMaxHeaders = std::size_t{128} << 10;
constexpr std::size_t kHeaderBytes = 10;  // Of its lengths, at most.
constexpr std::size_t kMostUndelivered = 64;
constexpr int kFlushSlice = 100;  // Milliseconds.

struct Letter {
  std::string key;
  std::string value;
  bool has_value = true;
  std::vector<std::pair<std::string, std::string>> headers;

  void Add(std::string name, std::string text) {
    headers.emplace_back(std::move(name), std::move(text));
  }
};

std::unique_ptr<Letter> LetterOf(const Record& record) {
  auto letter = std::make_unique<Letter>();
  letter->key = record.key.substr(0, kMaxKey);
  letter->has_value = record.value.data() != nullptr;
  letter->value = record.value.substr(0, kMaxValue);
  std::size_t bytes = 0;
  for (const Header& header : record.headers) {
    bytes += header.name.size() + header.value.size() + kHeaderBytes;
    if (bytes > kMaxHeaders) break;
    letter->Add(std::string(header.name), std::string(header.value));
  }
  return letter;
}

void AddCuts(const Record& record, Letter* letter) {
  const bool all = letter->headers.size() == record.headers.size();
  if (record.value.size() > kMaxValue) {
    letter->Add("premura_cut_from", std::to_string(record.value.size()));
  }
  if (record.key.size() > kMaxKey) {
    letter->Add("premura_key_cut_from", std::to_string(record.key.size()));
  }
  if (!all) {
    letter->Add("premura_headers_cut_from",
                std::to_string(record.headers.size()));
  }
}

// A letter is the producer's opaque until its delivery is reported; one that
// could not be delivered waits in undelivered_ for the next Sync().
class KafkaDeadLetters final : public DeadLetterSink {
 public:
  explicit KafkaDeadLetters(KafkaDeadLetterOptions options)
      : options_(std::move(options)) {}

  ~KafkaDeadLetters() override {
    if (producer_ == nullptr) return;
    rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE |
                                  RD_KAFKA_PURGE_F_INFLIGHT |
                                  RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_flush(producer_, kFlushSlice);
    rd_kafka_destroy(producer_);
  }

  Status Start() {
    std::map<std::string, std::string> properties = options_.properties;
    properties["enable.idempotence"] = "true";
    properties["message.timeout.ms"] = "0";  // Goes on trying.
    properties["log.queue"] = "true";
    Result<KafkaConf> conf = MakeKafkaConf(properties);
    if (!conf.ok()) return conf.error();
    rd_kafka_conf_set_opaque(conf.value().get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf.value().get(), &Delivered);
    rd_kafka_conf_set_log_cb(conf.value().get(), &LogCallback);
    rd_kafka_conf_set_error_cb(conf.value().get(), &ErrorCallback);
    std::array<char, 512> why{};
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf.value().get(), why.data(),
                             why.size());
    if (producer_ == nullptr) {
      return Error{"kafka: " + std::string(why.data())};
    }
    (void)conf.value().release();  // The producer's now.
    rd_kafka_set_log_queue(producer_, nullptr);
    return {};
  }

  Status Keep(const std::string& source, const std::string& origin,
              const Record& record, Refusal reason,
              std::string_view detail) override {
    auto letter = LetterOf(record);
    AddCuts(record, letter.get());
    letter->Add("premura_source", source);
    letter->Add("premura_origin", origin);
    letter->Add("premura_reason", ToString(reason));
    letter->Add("premura_detail", std::string(detail));
    const std::lock_guard lock(mutex_);
    rd_kafka_poll(producer_, 0);
    // Commits wait already; more would pile up behind what the topic refuses.
    if (undelivered_.size() >= kMostUndelivered) {
      if (auto status = SendAgain(); !status.ok()) return status;
    }
    return Send(&letter);
  }

  Status Sync() override {
    const std::lock_guard lock(mutex_);
    rd_kafka_poll(producer_, 0);  // Reports make room in its queue.
    return SendAgain();
  }

 private:
  // All of them, those under way too.
  Status SendAgain() {
    why_.clear();
    for (auto waiting = undelivered_.size(); waiting > 0; --waiting) {
      std::unique_ptr<Letter> letter = std::move(undelivered_.front());
      undelivered_.pop_front();
      const Status sent = Send(&letter);
      if (sent.ok()) continue;
      undelivered_.push_front(std::move(letter));
      return sent;
    }
    if (rd_kafka_outq_len(producer_) == 0 && undelivered_.empty()) return {};
    const int limit = static_cast<int>(options_.sync_limit.count());
    if (rd_kafka_flush(producer_, limit) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return Failure("no broker has confirmed them in time");
    }
    if (!undelivered_.empty()) return Failure(why_);
    return {};
  }

  Error Failure(const std::string& why) const {
    return Error{"kafka topic '" + options_.topic + "': " + why};
  }

  // `*kept` stays with the caller if the producer does not take it.
  Status Send(std::unique_ptr<Letter>* kept) {
    Letter* letter = kept->get();
    rd_kafka_headers_t* headers = rd_kafka_headers_new(letter->headers.size());
    for (const auto& [name, value] : letter->headers) {
      rd_kafka_header_add(headers, name.data(),
                          static_cast<ssize_t>(name.size()), value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer_, RD_KAFKA_V_TOPIC(options_.topic.c_str()),
        RD_KAFKA_V_VALUE(letter->has_value ? letter->value.data() : nullptr,
                         letter->value.size()),
        RD_KAFKA_V_KEY(letter->key.empty() ? nullptr : letter->key.data(),
                       letter->key.size()),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(letter), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      (void)kept->release();  // Comes back in Delivered().
      return {};
    }
    rd_kafka_headers_destroy(headers);
    return Failure(rd_kafka_err2str(error));
  }

  static void Delivered(rd_kafka_t* /*producer*/,
                        const rd_kafka_message_t* message, void* self) {
    std::unique_ptr<Letter> letter(static_cast<Letter*>(message->_private));
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    auto* letters = static_cast<KafkaDeadLetters*>(self);
    letters->why_ = rd_kafka_err2str(message->err);
    letters->undelivered_.push_back(std::move(letter));
  }

  static void LogCallback(const rd_kafka_t* producer, int level,
                          const char* facility, const char* words) {
    const auto* self =
        static_cast<const KafkaDeadLetters*>(rd_kafka_opaque(producer));
    if (self->options_.log) {
      self->options_.log(level, std::string(facility) + ": " + words);
    }
  }

  static void ErrorCallback(rd_kafka_t* producer, int error, const char* words,
                            void* /*self*/) {
    constexpr int kError = 3;
    LogCallback(producer, kError,
                rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)),
                words);
  }

  const KafkaDeadLetterOptions options_;
  rd_kafka_t* producer_ = nullptr;
  std::mutex mutex_;  // Guards what follows, and calls to producer_.
  std::deque<std::unique_ptr<Letter>> undelivered_;
  std::string why_;
};

}  // namespace

Result<std::unique_ptr<DeadLetterSink>> NewKafkaDeadLetters(
    KafkaDeadLetterOptions options) {
  auto letters = std::make_unique<KafkaDeadLetters>(std::move(options));
  const Status started = letters->Start();
  if (!started.ok()) return started.error();
  return std::unique_ptr<DeadLetterSink>(std::move(letters));
}

}  // namespace premura
