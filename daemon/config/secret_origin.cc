// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/secret_origin.h"

#include <cstdlib>

#include "rules/document.h"

namespace premura {
namespace {

constexpr std::size_t kLargestSecret = 4096;

}  // namespace

Result<Secret> FetchSecret(const Config& config, const ConfigOptions& options,
                           const std::string& path) {
  const auto origin = config.secret_origins.find(path);
  if (origin == config.secret_origins.end()) return Secret();
  const auto& [key, where] = origin->second;
  if (key.ends_with("_file")) {
    auto content = ReadFile(where, kLargestSecret);
    if (!content.ok()) return content.error().WithContext(path);
    std::string secret = std::move(content).value();
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
    return Secret(std::move(secret));
  }
  const std::string name = where.substr(6, where.size() - 7);  // ${env:NAME}
  if (options.environment) {
    return Secret(options.environment(name).value_or(""));
  }
  const char* const value = std::getenv(name.c_str());
  return Secret(value == nullptr ? "" : value);
}

}  // namespace premura
