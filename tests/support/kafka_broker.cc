// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_broker.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace premura {
namespace {

constexpr int kLimit = 20'000;  // Milliseconds.

rd_kafka_t* NewProducer(const std::string& bootstrap) {
  char why[512] = "";
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : {std::pair<const char*, const char*>{
                                        "bootstrap.servers", bootstrap.c_str()},
                                    {"linger.ms", "1"},
                                    // A retry must not change the order.
                                    {"enable.idempotence", "true"},
                                    {"acks", "all"}}) {
    EXPECT_EQ(rd_kafka_conf_set(conf, name, value, why, sizeof why),
              RD_KAFKA_CONF_OK)
        << why;
  }
  rd_kafka_conf_set_dr_msg_cb(
      conf, [](rd_kafka_t*, const rd_kafka_message_t* message, void*) {
        EXPECT_EQ(message->err, RD_KAFKA_RESP_ERR_NO_ERROR)
            << rd_kafka_err2str(message->err);
      });
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  EXPECT_NE(producer, nullptr) << why;
  return producer;
}

// Whether all threads of the process are stopped (proc(5), /proc/pid/stat: the
// state follows the name in brackets).
bool StandsStill(const std::string& pid) {
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
    std::ifstream file(task.path() / "stat");
    std::string stat;
    std::getline(file, stat);
    const std::size_t name_end = stat.rfind(") ");
    if (name_end != stat.npos && stat[name_end + 2] != 'T') return false;
  }
  return true;
}

}  // namespace

KafkaBroker::KafkaBroker() : port_(FreePorts(2)) {
  std::string path =
      (std::filesystem::temp_directory_path() / "premura-kafka-XXXXXX")
          .string();
  directory_ = mkdtemp(path.data());
  Restart();
}

KafkaBroker::~KafkaBroker() {
  process_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void KafkaBroker::Restart() {
  process_.reset();
  process_ = std::make_unique<ServerProcess>(std::vector<std::string>{
      "kafka-up.sh", directory_, std::to_string(port_)});
}

void KafkaBroker::Crash() { Signal(SIGKILL); }
void KafkaBroker::Freeze() {
  Signal(SIGSTOP);
  // A thread of its own has to run before the others are told.
  while (!StandsStill((*process_)["pid"])) std::this_thread::yield();
}
void KafkaBroker::Thaw() { Signal(SIGCONT); }

void KafkaBroker::Signal(int number) {
  ASSERT_EQ(kill(std::stoi((*process_)["pid"]), number), 0);
}

std::string KafkaBroker::bootstrap() const { return (*process_)["bootstrap"]; }

std::string KafkaBroker::CreateTopic(
    const std::string& name, int partitions,
    const std::map<std::string, std::string>& settings) {
  const std::string topic = name + "-" + std::to_string(++topics_);
  rd_kafka_t* client = NewProducer(bootstrap());
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  char why[512] = "";
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, why, sizeof why);
  for (const auto& [key, value] : settings) {
    rd_kafka_NewTopic_set_config(wanted, key.c_str(), value.c_str());
  }
  rd_kafka_CreateTopics(client, &wanted, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kLimit);
  EXPECT_NE(event, nullptr) << "no answer to CreateTopics";
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(event), &count);
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(rd_kafka_topic_result_error(results[i]),
              RD_KAFKA_RESP_ERR_NO_ERROR)
        << rd_kafka_topic_result_error_string(results[i]);
  }
  rd_kafka_event_destroy(event);
  rd_kafka_NewTopic_destroy(wanted);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
  return topic;
}

void KafkaBroker::Produce(const std::string& topic, int partition,
                          const std::vector<KafkaTestMessage>& messages) {
  rd_kafka_t* producer = NewProducer(bootstrap());
  for (const KafkaTestMessage& message : messages) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(4);
    for (const auto& [name, value] : message.headers) {
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    EXPECT_EQ(
        rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(topic.c_str()),
            RD_KAFKA_V_PARTITION(partition),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(message.tombstone
                                 ? nullptr
                                 : const_cast<char*>(message.value.data()),
                             message.value.size()),
            RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
            RD_KAFKA_V_TIMESTAMP(
                (message.time ? message.time->time_since_epoch().count() : 0)),
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
        RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  EXPECT_EQ(rd_kafka_flush(producer, kLimit), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy(producer);
}

}  // namespace premura
