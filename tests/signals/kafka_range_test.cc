// SPDX-License-Identifier: Apache-2.0
// Ranges of topics against a real broker.
#include "signals/kafka_range.h"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <string>
#include <vector>

#include "tests/support/kafka_broker.h"

namespace premura {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Timestamp At(std::int64_t second) {
  return Timestamp(std::chrono::seconds(1'767'225'600 + second));
}

KafkaTestMessage Message(const std::string& value, std::int64_t second) {
  KafkaTestMessage message;
  message.value = value;
  message.time = At(second);
  return message;
}

class KafkaRangeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { broker = new KafkaBroker; }
  static void TearDownTestSuite() { delete broker; }

  static Result<std::unique_ptr<KafkaRange>> Open(
      const std::string& topic, std::optional<Timestamp> from = {},
      std::optional<Timestamp> to = {}) {
    KafkaRangeOptions options;
    options.topics = {topic};
    options.properties = {{"bootstrap.servers", broker->bootstrap()},
                          {"group.id", "daemon"}};
    options.from = from;
    options.to = to;
    return OpenKafkaRange(std::move(options));
  }

  static std::vector<std::string> Read(KafkaRange* range,
                                       std::size_t most = SIZE_MAX) {
    std::vector<std::string> values;
    const Status read = range->Read([&](const Record& record) {
      values.emplace_back(record.value);
      return values.size() < most;
    });
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    return values;
  }

  // The names of the groups that the broker knows.
  static std::vector<std::string> Groups() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    std::array<char, 256> why{};
    rd_kafka_conf_set(conf, "bootstrap.servers", broker->bootstrap().c_str(),
                      why.data(), why.size());
    rd_kafka_t* client =
        rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    const rd_kafka_group_list* list = nullptr;
    EXPECT_EQ(rd_kafka_list_groups(client, nullptr, &list, 20'000),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    std::vector<std::string> names;
    for (int i = 0; i < list->group_cnt; ++i) {
      names.emplace_back(list->groups[i].group);
    }
    rd_kafka_group_list_destroy(list);
    rd_kafka_destroy(client);
    return names;
  }

  static KafkaBroker* broker;
};
KafkaBroker* KafkaRangeTest::broker = nullptr;

TEST_F(KafkaRangeTest, PartitionsAreReadInOrderOfTheBrokersTime) {
  const std::string topic = broker->CreateTopic("order", 3);
  broker->Produce(topic, 0, {Message("a", 1), Message("d", 4)});
  broker->Produce(topic, 1, {Message("b", 2), Message("e", 5)});
  broker->Produce(topic, 2, {Message("c", 3)});
  const auto range = Open(topic);
  ASSERT_TRUE(range.ok()) << range.error().message;
  EXPECT_EQ(range.value()->records(), 5);
  // What comes later is not part of it.
  broker->Produce(topic, 2, {Message("f", 4)});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(Read(range.value().get()),
                ElementsAre("a", "b", "c", "d", "e"));
  }
  EXPECT_THAT(Read(range.value().get(), 2), ElementsAre("a", "b"));
  EXPECT_THAT(Read(range.value().get()), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(KafkaRangeTest, FromIsInclusiveAndToIsExclusive) {
  const std::string topic = broker->CreateTopic("bounds", 2);
  broker->Produce(topic, 0,
                  {Message("a", 1), Message("b", 2), Message("d", 4)});
  broker->Produce(topic, 1, {Message("c", 3)});
  const struct {
    std::optional<Timestamp> from, to;
    std::vector<std::string> values;
  } kCases[] = {
      {At(2), At(4), {"b", "c"}}, {At(2), {}, {"b", "c", "d"}},
      {{}, At(2), {"a"}},         {At(5), {}, {}},
      {At(4), At(2), {}},         {{}, At(100), {"a", "b", "c", "d"}},
  };
  for (const auto& [from, to, values] : kCases) {
    const auto range = Open(topic, from, to);
    ASSERT_TRUE(range.ok()) << range.error().message;
    EXPECT_EQ(Read(range.value().get()), values);
  }
}

TEST_F(KafkaRangeTest, JoinsNoGroupAndCommitsNothing) {
  const std::string topic = broker->CreateTopic("groups", 1);
  broker->Produce(topic, 0, {Message("a", 1)});
  const auto range = Open(topic);
  ASSERT_TRUE(range.ok());
  EXPECT_THAT(Read(range.value().get()), ElementsAre("a"));
  EXPECT_THAT(Groups(), IsEmpty());
}

TEST_F(KafkaRangeTest, MoreThanIsReadAheadComesWhole) {
  const std::string topic = broker->CreateTopic("many", 2);
  std::vector<KafkaTestMessage> messages;
  for (int i = 0; i < 25'000; ++i) {
    messages.push_back(Message(std::string(200, 'x'), i / 3));
  }
  broker->Produce(topic, 0, messages);
  broker->Produce(topic, 1, messages);
  const auto range = Open(topic);
  ASSERT_TRUE(range.ok());
  EXPECT_EQ(Read(range.value().get()).size(), 50'000U);
}

TEST_F(KafkaRangeTest, SaysWhatIsWrong) {
  const auto unknown = Open("no-such-topic");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message,
              HasSubstr("no-such-topic: kafka: Broker: Unknown topic"));
  KafkaRangeOptions options;
  options.topics = {"t"};
  options.properties = {{"bootstrap.servers", "127.0.0.1:1"}};
  options.patience = std::chrono::seconds(1);
  const auto nobody = OpenKafkaRange(std::move(options));
  ASSERT_FALSE(nobody.ok());
  EXPECT_THAT(nobody.error().message, HasSubstr("t: kafka: Local: "));
}

}  // namespace
}  // namespace premura
