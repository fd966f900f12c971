// SPDX-License-Identifier: Apache-2.0
// ConfigFormatter: what the writers of the configuration's sections share. One
// per file that is written; config_reader.h is its other half.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/config/config.h"
#include "daemon/config/yaml_writer.h"

namespace premura {

class ConfigFormatter : public YamlWriter {
 public:
  // `config` must outlive it.
  explicit ConfigFormatter(const Config& config) : config_(config) {}

  const Config& config() const { return config_; }

  void Time(std::string_view key, Duration duration) {
    Plain(key, FormatDuration(duration));
  }
  void Bool(std::string_view key, bool flag) {
    Plain(key, flag ? "true" : "false");
  }
  void Number(std::string_view key, std::int64_t number) {
    Plain(key, std::to_string(number));
  }
  // Where the secret comes from, never what it is.
  void SecretAt(const std::string& path) {
    const auto origin = config_.secret_origins.find(path);
    if (origin == config_.secret_origins.end()) return;
    Text(origin->second.first, origin->second.second);
  }

 protected:
  const Config& config_;
};

// `sources:`
void FormatSources(ConfigFormatter* out);

}  // namespace premura
