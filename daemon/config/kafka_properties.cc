// SPDX-License-Identifier: Apache-2.0
// What the keys of a Kafka source mean to librdkafka.

#include <fmt/format.h>

#include <string_view>

#include "daemon/config/config.h"

namespace premura {

std::map<std::string, std::string> KafkaProperties(const KafkaConfig& kafka,
                                                   const std::string& name) {
  std::map<std::string, std::string> all = kafka.properties;
  for (const auto& [key, secret] : kafka.secret_properties) {
    all[key] = secret.Reveal();
  }
  const auto put = [&all](const char* key, const std::string& value) {
    if (!value.empty()) all[key] = value;
  };
  put("bootstrap.servers", fmt::format("{}", fmt::join(kafka.brokers, ",")));
  put("group.id", kafka.group);
  put("group.instance.id", kafka.instance_id);
  all.try_emplace("client.id", name);
  if (kafka.tls) {
    put("ssl.ca.location", kafka.tls->ca);
    put("ssl.certificate.location", kafka.tls->certificate);
    put("ssl.key.location", kafka.tls->key_file);
    put("ssl.key.password", kafka.tls->key_password.Reveal());
  }
  if (kafka.sasl) {
    put("sasl.mechanisms", kafka.sasl->mechanism);
    put("sasl.username", kafka.sasl->username);
    put("sasl.password", kafka.sasl->password.Reveal());
  }
  const char* const plain = kafka.sasl ? "sasl_plaintext" : "plaintext";
  const char* const secure = kafka.sasl ? "sasl_ssl" : "ssl";
  all["security.protocol"] = kafka.tls ? secure : plain;
  return all;
}

std::map<std::string, std::string> KafkaConnection(const KafkaConfig& kafka,
                                                   const std::string& name) {
  std::map<std::string, std::string> connection = KafkaProperties(kafka, name);
  std::erase_if(connection, [](const auto& property) {
    const std::string_view key = property.first;
    return key != "bootstrap.servers" && key != "security.protocol" &&
           key != "client.id" && !key.starts_with("ssl.") &&
           !key.starts_with("enable.ssl.") && !key.starts_with("sasl.");
  });
  return connection;
}

}  // namespace premura
