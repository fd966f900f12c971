// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_statistics.h"

#include <gtest/gtest.h>

#include <string>

namespace premura {
namespace {

TEST(KafkaStatisticsTest, TellWhoIsConnectedAndWhoAnswers) {
  const struct {
    const char* brokers;
    bool up;
    bool answers;
    bool waits;
  } cases[] = {
      {R"({})", false, false, false},
      {R"({"a": {"state": "DOWN", "rxidle": 5, "waitresp_cnt": 1}})", false,
       false, false},
      {R"({"a": {"state": "UP", "rxidle": 400000, "waitresp_cnt": 1}})", true,
       true, false},
      {R"({"a": {"state": "UP", "rxidle": 9999999, "waitresp_cnt": 1}})", true,
       true, false},
      {R"({"a": {"state": "UP", "rxidle": 10000000, "waitresp_cnt": 1}})", true,
       false, true},
      // Asked for nothing, it says nothing.
      {R"({"a": {"state": "UP", "rxidle": 10000000, "waitresp_cnt": 0}})", true,
       false, false},
      // Nothing has ever come.
      {R"({"a": {"state": "UP", "rxidle": -1, "waitresp_cnt": 1}})", true,
       false, true},
      {R"({"a": {"state": "UP", "rxidle": 60000000, "waitresp_cnt": 2},
           "b": {"state": "UP", "rxidle": 100, "waitresp_cnt": 1}})",
       true, true, true},
      {R"({"a": {"state": "UP"}})", true, false, false},
      {R"({"a": 1})", false, false, false},
  };
  for (const auto& test : cases) {
    const auto told =
        ConnectionsOf(std::string(R"({"brokers": )") + test.brokers + "}",
                      std::chrono::seconds(10));
    ASSERT_TRUE(told) << test.brokers;
    EXPECT_EQ(told->up, test.up) << test.brokers;
    EXPECT_EQ(told->answers, test.answers) << test.brokers;
    EXPECT_EQ(told->waits, test.waits) << test.brokers;
  }
  for (const char* other : {"", "{]", "{}", R"({"brokers": 1})"}) {
    EXPECT_FALSE(ConnectionsOf(other, Duration(1))) << other;
  }
}

}  // namespace
}  // namespace premura
