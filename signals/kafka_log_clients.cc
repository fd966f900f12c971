// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_log_clients.h"

#include <array>
#include <string_view>
#include <utility>

namespace premura {
namespace {

// A record can be large: what is new of the events seen is one.
constexpr const char* kMaxMessage = "67108864";

}  // namespace

void KafkaProducerEnd::operator()(rd_kafka_t* producer) const {
  rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                               RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy(producer);
}

void KafkaReaderEnd::operator()(rd_kafka_t* reader) const {
  rd_kafka_destroy_flags(reader, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

Result<KafkaProducer> KafkaLogClients::OpenProducer(const std::string& id) {
  auto producer =
      Open(RD_KAFKA_PRODUCER,
           {{"transactional.id", id},
            {"transaction.timeout.ms", std::to_string(kKafkaTransactionLimit)},
            {"retry.backoff.ms", "5"},
            {"linger.ms", "5"},
            {"compression.type", "lz4"},
            {"message.max.bytes", kMaxMessage},
            {"queue.buffering.max.messages", "1000000"}});
  if (!producer.ok()) return producer.error();
  return KafkaProducer(producer.value());
}

Result<KafkaReader> KafkaLogClients::OpenReader(const char* isolation) {
  auto reader = Open(RD_KAFKA_CONSUMER,
                     {{"group.id", options_.group},
                      {"isolation.level", isolation},
                      {"enable.auto.commit", "false"},
                      {"enable.partition.eof", "true"},
                      {"fetch.wait.max.ms", "10"},
                      {"auto.offset.reset", "error"},
                      // With the default a reader that is slower than the
                      // broker stands still for a second, again and again.
                      {"queued.min.messages", "10000000"},
                      {"queued.max.messages.kbytes", "65536"},
                      {"check.crcs", "true"}});
  if (!reader.ok()) return reader.error();
  rd_kafka_poll_set_consumer(reader.value());
  return KafkaReader(reader.value());
}

Result<rd_kafka_t*> KafkaLogClients::Open(
    rd_kafka_type_t type, std::map<std::string, std::string> more) {
  Result<KafkaConf> conf = MakeConf(std::move(more));
  if (!conf.ok()) return conf.error();
  std::array<char, 512> why{};
  rd_kafka_t* const client =
      rd_kafka_new(type, conf.value().get(), why.data(), why.size());
  if (client == nullptr) return Error{"kafka: " + std::string(why.data())};
  (void)conf.value().release();  // The client's now.
  return client;
}

Result<KafkaConf> KafkaLogClients::MakeConf(
    std::map<std::string, std::string> more) {
  std::map<std::string, std::string> properties = options_.properties;
  more.merge(properties);
  Result<KafkaConf> conf = MakeKafkaConf(more);
  if (!conf.ok()) return conf;
  rd_kafka_conf_set_opaque(conf.value().get(), this);
  rd_kafka_conf_set_log_cb(conf.value().get(), &LogCallback);
  rd_kafka_conf_set_error_cb(conf.value().get(), &ErrorCallback);
  return conf;
}

void KafkaLogClients::LogCallback(const rd_kafka_t* handle, int level,
                                  const char* facility, const char* words) {
  auto* const self = static_cast<KafkaLogClients*>(rd_kafka_opaque(handle));
  // Of one that reads nothing is in doubt.
  if (rd_kafka_type(handle) == RD_KAFKA_PRODUCER &&
      std::string_view(facility) == "REQTMOUT") {
    self->doubtful_ = true;
  }
  if (self->options_.log) {
    self->options_.log(level, std::string(facility) + ": " + words);
  }
}

void KafkaLogClients::ErrorCallback(rd_kafka_t* handle, int error,
                                    const char* words, void* /*self*/) {
  constexpr int kError = 3;
  LogCallback(handle, kError,
              rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error)),
              words);
}

}  // namespace premura
