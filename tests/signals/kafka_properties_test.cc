// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "signals/source.h"

namespace premura {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(KafkaPropertiesTest, AreThoseOfAConsumer) {
  const std::vector<std::string> names = KafkaPropertyNames();
  EXPECT_GT(names.size(), 80u);
  for (const char* name : {"client.rack", "sasl.mechanisms", "fetch.min.bytes",
                           "auto.offset.reset", "ssl.ca.location"}) {
    EXPECT_THAT(names, Contains(name));
  }
  EXPECT_THAT(names, Not(Contains("transactional.id")));
  EXPECT_THAT(names, Not(Contains("Property")));
  for (const std::string& owned : OwnedKafkaProperties()) {
    EXPECT_THAT(names, Contains(owned));
  }
}

TEST(KafkaPropertiesTest, AreCheckedByLibrdkafka) {
  EXPECT_TRUE(CheckKafkaProperty("client.rack", "eu-1a").ok());
  EXPECT_TRUE(CheckKafkaProperty("fetch.min.bytes", "1024").ok());
  EXPECT_EQ(CheckKafkaProperty("client.rac", "x").error().message,
            "librdkafka has no property 'client.rac' for a consumer");
  EXPECT_EQ(CheckKafkaProperty("transactional.id", "x").error().message,
            "librdkafka has no property 'transactional.id' for a consumer");
  EXPECT_THAT(CheckKafkaProperty("fetch.min.bytes", "many").error().message,
              HasSubstr("kafka: "));
  EXPECT_THAT(CheckKafkaProperty("fetch.min.bytes", "0").error().message,
              HasSubstr("fetch.min.bytes"));
  EXPECT_THAT(CheckKafkaProperty("security.protocol", "none").error().message,
              HasSubstr("security.protocol"));
}

TEST(KafkaSourceTest, NeedsTopicsBrokersAndAGroup) {
  EXPECT_EQ(NewKafkaSource({}).error().message, "kafka: no topics");
  EXPECT_EQ(NewKafkaSource({.topics = {"t"}}).error().message,
            "kafka: bootstrap.servers is missing");
  EXPECT_EQ(NewKafkaSource(
                {.topics = {"t"}, .properties = {{"bootstrap.servers", "x"}}})
                .error()
                .message,
            "kafka: group.id is missing");
  EXPECT_THAT(NewKafkaSource({.topics = {"t"},
                              .properties = {{"bootstrap.servers", "x"},
                                             {"group.id", "g"},
                                             {"no.such", "x"}}})
                  .error()
                  .message,
              HasSubstr("no.such"));
}

}  // namespace
}  // namespace premura
