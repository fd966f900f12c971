// SPDX-License-Identifier: Apache-2.0
// Writes generated events to standard output, or into a Kafka topic:
//   produce_events COUNT CUSTOMERS                  > events.jsonl
//   produce_events COUNT CUSTOMERS BROKERS TOPIC
#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/bench/event_generator.h"

namespace {

rd_kafka_t* NewProducer(const char* brokers) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const char* settings[][2] = {{"bootstrap.servers", brokers},
                               {"compression.type", "lz4"},
                               {"linger.ms", "50"},
                               {"partitioner", "murmur2_random"},
                               {"queue.buffering.max.messages", "1000000"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) !=
        RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "%s\n", error);
      std::exit(1);
    }
  }
  rd_kafka_t* producer =
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(1);
  }
  return producer;
}

void Produce(rd_kafka_t* producer, const char* topic, const std::string& key,
             const std::string& value) {
  while (true) {
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic),
        RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      std::fprintf(stderr, "%s\n", rd_kafka_err2str(error));
      std::exit(1);
    }
    rd_kafka_poll(producer, 20);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) return 2;
  const long count = std::atol(argv[1]);
  premura::bench::EventGenerator events(
      static_cast<std::uint32_t>(std::atol(argv[2])));
  rd_kafka_t* producer = argc == 5 ? NewProducer(argv[3]) : nullptr;
  for (long i = 0; i < count; ++i) {
    const std::string& event = events.Next();
    if (producer == nullptr) {
      std::fwrite(event.data(), 1, event.size(), stdout);
      std::fputc('\n', stdout);
    } else {
      Produce(producer, argv[4], events.customer(), event);
      if (i % 1000 == 0) rd_kafka_poll(producer, 0);
    }
  }
  if (producer == nullptr) return 0;
  const bool all =
      rd_kafka_flush(producer, 60000) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_destroy(producer);
  return all ? 0 : 1;
}
