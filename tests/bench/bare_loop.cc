// SPDX-License-Identifier: Apache-2.0
// What the machine allows: consumes a topic with librdkafka, looks up four
// fields of each record with simdjson, does nothing else. Prints records per
// second from the first record to the last.
//   bare_loop BROKERS TOPIC COUNT
#include <librdkafka/rdkafka.h>
#include <simdjson.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

rd_kafka_t* NewConsumer(const char* brokers) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::string group = "bare-" + std::to_string(std::rand());
  // Prefetch limits well above the defaults, which make a consumer pause for a
  // second whenever its queue is full.
  const char* settings[][2] = {{"bootstrap.servers", brokers},
                               {"group.id", group.c_str()},
                               {"auto.offset.reset", "earliest"},
                               {"enable.auto.commit", "false"},
                               {"queued.max.messages.kbytes", "131072"},
                               {"queued.min.messages", "10000000"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) !=
        RD_KAFKA_CONF_OK) {
      std::fprintf(stderr, "%s\n", error);
      std::exit(1);
    }
  }
  rd_kafka_t* consumer =
      rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (consumer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(1);
  }
  rd_kafka_poll_set_consumer(consumer);
  return consumer;
}

class Looker {
 public:
  std::size_t Look(const rd_kafka_message_t& message) {
    if (buffer_.size() < message.len + simdjson::SIMDJSON_PADDING) {
      buffer_.resize(2 * message.len + simdjson::SIMDJSON_PADDING);
    }
    std::memcpy(buffer_.data(), message.payload, message.len);
    simdjson::ondemand::document document;
    if (parser_.iterate(buffer_.data(), message.len, buffer_.size())
            .get(document) != simdjson::SUCCESS) {
      return 0;
    }
    std::size_t found = 0;
    std::string_view text;
    for (const char* name : {"messageId", "event", "timestamp"}) {
      if (document[name].get_string().get(text) == simdjson::SUCCESS) ++found;
    }
    if (document["context"]["groupId"].get_string().get(text) ==
        simdjson::SUCCESS) {
      ++found;
    }
    return found;
  }

 private:
  simdjson::ondemand::parser parser_;
  std::string buffer_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::srand(static_cast<unsigned>(
      std::chrono::steady_clock::now().time_since_epoch().count()));
  const long count = std::atol(argv[3]);
  rd_kafka_t* consumer = NewConsumer(argv[1]);
  rd_kafka_topic_partition_list_t* topics =
      rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, argv[2], RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);

  Looker looker;
  long records = 0;
  std::size_t found = 0;
  std::chrono::steady_clock::time_point first;
  while (records < count) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 1000);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (records++ == 0) first = std::chrono::steady_clock::now();
      found += looker.Look(*message);
    }
    rd_kafka_message_destroy(message);
  }
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - first;
  if (found != 4 * static_cast<std::size_t>(count)) {
    std::fprintf(stderr, "some fields were not found\n");
    return 1;
  }
  std::printf("%.0f\n", static_cast<double>(count) / took.count());
  rd_kafka_consumer_close(consumer);
  rd_kafka_destroy(consumer);
  return 0;
}
