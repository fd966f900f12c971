// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string_view>

#include "signals/kafka_handles.h"
#include "signals/source.h"

namespace premura {

namespace {

// What librdkafka prints of all its properties, as a table for people.
std::string PropertyTable() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&text, &size);
  if (stream == nullptr) return {};
  rd_kafka_conf_properties_show(stream);
  std::fclose(stream);
  std::string table(text, size);
  std::free(text);
  return table;
}

// "name | C/P | range ..." of a table's row; empty if it is no property that a
// consumer has. "*" is both, "C" the consumer, "P" the producer.
std::string_view NameIn(std::string_view row) {
  const std::size_t bar = row.find('|');
  const std::size_t letter = row.find_first_not_of(' ', bar + 1);
  if (bar == row.npos || letter == row.npos) return {};
  const std::string_view name = row.substr(0, row.find(' '));
  const char whose = row[letter];
  const bool of_consumers = whose == '*' || whose == 'C';
  return of_consumers && name.find_first_of("|-") != 0 ? name
                                                       : std::string_view();
}

bool IsKnown(const std::string& name) {
  static const auto* known = [] {
    const std::vector<std::string> names = KafkaPropertyNames();
    return new std::set<std::string>(names.begin(), names.end());
  }();
  return known->contains(name);
}

// What a person may set otherwise. librdkafka's own prefetch limits make it
// pause for a second whenever its consumer is slower than its fetcher.
const std::map<std::string, std::string>& Defaults() {
  static const auto* defaults = new std::map<std::string, std::string>{
      {"client.id", "premura"},
      {"auto.offset.reset", "earliest"},
      {"queued.max.messages.kbytes", "131072"},
      {"queued.min.messages", "10000000"},
      {"topic.metadata.refresh.interval.ms", "30000"},
      {"reconnect.backoff.max.ms", "2000"}};
  return *defaults;
}

}  // namespace

std::map<std::string, std::string> CompleteConsumerProperties(
    std::map<std::string, std::string> properties) {
  properties.insert(Defaults().begin(), Defaults().end());
  properties["enable.auto.commit"] = "false";
  properties["enable.auto.offset.store"] = "false";
  properties["enable.partition.eof"] = "true";
  properties["statistics.interval.ms"] = "1000";
  properties["log.queue"] = "true";
  // Cooperative rebalancing loses positions below 2.10.
  constexpr int kGoodCooperative = 0x020a00ff;
  properties["partition.assignment.strategy"] =
      rd_kafka_version() >= kGoodCooperative ? "cooperative-sticky" : "range";
  return properties;
}

Result<KafkaConf> MakeKafkaConf(
    const std::map<std::string, std::string>& properties) {
  KafkaConf conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(),
                          why.size()) != RD_KAFKA_CONF_OK) {
      return Error{"kafka: " + std::string(why.data())};
    }
  }
  return conf;
}

std::vector<std::string> KafkaPropertyNames() {
  std::set<std::string> names;
  const std::string table = PropertyTable();
  std::string_view rest = table;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view name = NameIn(rest.substr(0, end));
    if (!name.empty() && name != "Property") names.emplace(name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {names.begin(), names.end()};
}

const std::vector<std::string>& OwnedKafkaProperties() {
  static const auto* owned = new std::vector<std::string>{
      // Keys of their own in the configuration.
      "bootstrap.servers", "metadata.broker.list", "group.id",
      "group.instance.id",
      // What positions and group membership rest on.
      "enable.auto.commit", "auto.commit.interval.ms",
      "enable.auto.offset.store", "enable.partition.eof",
      "partition.assignment.strategy", "statistics.interval.ms", "log.queue",
      // Pointers.
      "rebalance_cb", "consume_cb", "offset_commit_cb", "error_cb",
      "throttle_cb", "stats_cb", "log_cb", "background_event_cb", "socket_cb",
      "connect_cb", "closesocket_cb", "open_cb", "resolve_cb",
      "oauthbearer_token_refresh_cb", "ssl.certificate.verify_cb", "opaque",
      "default_topic_conf", "interceptors"};
  return *owned;
}

Status CheckKafkaProperty(const std::string& name, const std::string& value) {
  if (!IsKnown(name)) {
    return Error{"librdkafka has no property '" + name + "' for a consumer"};
  }
  const Result<KafkaConf> conf = MakeKafkaConf({{name, value}});
  if (!conf.ok()) return conf.error();
  return {};
}

}  // namespace premura
