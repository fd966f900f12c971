// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_statistics.h"

#include <simdjson.h>

#include <chrono>
#include <cstdint>

namespace premura {
namespace {

using Object = simdjson::dom::object;

std::int64_t Number(const Object& broker, const char* name) {
  std::int64_t number = -1;
  return broker[name].get(number) == simdjson::SUCCESS ? number : -1;
}

bool IsUp(const Object& broker) {
  std::string_view state;
  return broker["state"].get(state) == simdjson::SUCCESS && state == "UP";
}

}  // namespace

std::optional<KafkaConnections> ConnectionsOf(std::string_view statistics,
                                              Duration patience) {
  simdjson::dom::parser parser;
  Object brokers;
  if (parser.parse(statistics.data(), statistics.size())["brokers"].get(
          brokers) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  const std::int64_t most = std::chrono::microseconds(patience).count();
  KafkaConnections all;
  for (const simdjson::dom::key_value_pair broker : brokers) {
    Object one;
    if (broker.value.get(one) != simdjson::SUCCESS || !IsUp(one)) continue;
    all.up = true;
    const std::int64_t silent_for = Number(one, "rxidle");
    if (silent_for >= 0 && silent_for < most) {
      all.answers = true;
    } else if (Number(one, "waitresp_cnt") > 0) {
      all.waits = true;
    }
  }
  return all;
}

}  // namespace premura
