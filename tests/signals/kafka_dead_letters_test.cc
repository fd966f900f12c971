// SPDX-License-Identifier: Apache-2.0
// Dead letters in a topic, against a real broker.
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "signals/dead_letters.h"
#include "signals/kafka_range.h"
#include "tests/support/kafka_broker.h"

namespace premura {
namespace {

using ::testing::ElementsAre;

class KafkaDeadLettersTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { broker = new KafkaBroker; }
  static void TearDownTestSuite() { delete broker; }

  static std::unique_ptr<DeadLetterSink> Open(const std::string& topic) {
    return NewKafkaDeadLetters({.topic = topic, .properties = Properties()})
        .value();
  }

  // Each letter of the topic: its key, the length of its value, its headers.
  static std::vector<std::string> Read(const std::string& topic) {
    auto range =
        OpenKafkaRange({.topics = {topic}, .properties = Properties()}).value();
    std::vector<std::string> letters;
    const Status read = range->Read([&letters](const Record& record) {
      std::string text =
          std::string(record.key) + ":" + std::to_string(record.value.size());
      for (const Header& each : record.headers) {
        text += " " + std::string(each.name) + "=" + std::string(each.value);
      }
      letters.push_back(text);
      return true;
    });
    EXPECT_TRUE(read.ok());
    return letters;
  }

  static std::map<std::string, std::string> Properties() {
    return {{"bootstrap.servers", broker->bootstrap()}};
  }

  static KafkaBroker* broker;
};
KafkaBroker* KafkaDeadLettersTest::broker = nullptr;

TEST_F(KafkaDeadLettersTest, AreKeptWithWhereTheyCameFrom) {
  const std::string topic = broker->CreateTopic("dead", 1);
  auto letters = Open(topic);
  const Header header{"app", "web"};
  ASSERT_TRUE(letters
                  ->Keep("product", "events/3@17",
                         {.value = std::string_view("\0{", 2),
                          .key = "k",
                          .headers = {&header, 1}},
                         Refusal::kBrokenJson, "no JSON")
                  .ok());
  ASSERT_TRUE(letters
                  ->Keep("product", "events/3@18", {}, Refusal::kWrongType,
                         "a tombstone")
                  .ok());
  const Status synced = letters->Sync();
  ASSERT_TRUE(synced.ok()) << synced.error().message;
  EXPECT_THAT(
      Read(topic),
      ElementsAre(
          "k:2 app=web premura_source=product premura_origin=events/3@17 "
          "premura_reason=broken_json premura_detail=no JSON",
          ":0 premura_source=product premura_origin=events/3@18 "
          "premura_reason=wrong_type premura_detail=a tombstone"));
}

TEST_F(KafkaDeadLettersTest, AreCutToWhatATopicTakes) {
  const std::string topic = broker->CreateTopic("dead-cut", 1);
  auto letters = Open(topic);
  const std::string large(600'000, 'x');
  const std::array<Header, 2> headers = {{{"app", "web"}, {"large", large}}};
  ASSERT_TRUE(letters
                  ->Keep("product", "events/0@1",
                         {.value = large, .key = large, .headers = headers},
                         Refusal::kBrokenJson, "no JSON")
                  .ok());
  const Status synced = letters->Sync();
  ASSERT_TRUE(synced.ok()) << synced.error().message;
  EXPECT_THAT(Read(topic),
              ElementsAre(std::string(65'536, 'x') +
                          ":524288 app=web premura_cut_from=600000 "
                          "premura_key_cut_from=600000 "
                          "premura_headers_cut_from=2 "
                          "premura_source=product premura_origin=events/0@1 "
                          "premura_reason=broken_json premura_detail=no JSON"));
}

// What the topic refuses is no room for more.
TEST_F(KafkaDeadLettersTest, AreNoMoreThanATopicTakes) {
  const std::string topic =
      broker->CreateTopic("dead-small", 1, {{"max.message.bytes", "1000"}});
  auto letters = Open(topic);
  const std::string large(5'000, 'x');
  const auto keep = [&] {
    return letters->Keep("product", "events/0@1", {.value = large},
                         Refusal::kBrokenJson, "no JSON");
  };
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(keep().ok());
  EXPECT_FALSE(letters->Sync().ok());
  EXPECT_FALSE(keep().ok());
}

TEST_F(KafkaDeadLettersTest, SayThatNoBrokerConfirms) {
  auto letters =
      NewKafkaDeadLetters({.topic = "refused",
                           .properties = {{"bootstrap.servers", "127.0.0.1:1"}},
                           .sync_limit = std::chrono::milliseconds(50)})
          .value();
  ASSERT_TRUE(
      letters->Keep("s", "o", {.value = "x"}, Refusal::kNoName, "no name")
          .ok());
  EXPECT_EQ(letters->Sync().error().message,
            "kafka topic 'refused': no broker has confirmed them in time");
}

}  // namespace
}  // namespace premura
