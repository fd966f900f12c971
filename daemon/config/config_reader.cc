// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/config_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "notifiers/loopback.h"
#include "notifiers/text.h"

namespace premura {
namespace {

constexpr std::size_t kLargestSecret = 64 << 10;
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

// "rt.example.com:8080" without the port; "[::1]:80" keeps its brackets.
std::string_view HostOf(std::string_view authority) {
  return authority.substr(0, authority.find(':', authority.find(']') + 1));
}

// Of a secret, which need not be UTF-8.
bool HasControlBytes(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

// What a shell would put something else for: a `~` at the beginning, or a
// part like `$HOME`. Empty if there is nothing of the kind.
std::string_view ForShell(std::string_view path) {
  if (path.starts_with('~')) return path.substr(0, path.find('/'));
  std::size_t at = path.starts_with('$') ? 0 : path.find("/$");
  if (at == path.npos) return {};
  if (path[at] == '/') ++at;
  const std::string_view part = path.substr(at);
  return part.substr(0, part.find('/'));
}

// The one line end that editors put there.
std::string WithoutLineEnd(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace

bool IsPlainName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == name.npos;
}

std::string_view AuthorityOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == url.npos) return {};
  const std::string_view rest = url.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#"));
}

std::optional<std::string> EnvironmentName(std::string_view text) {
  if (!text.starts_with("${env:") || !text.ends_with('}')) return std::nullopt;
  return std::string(text.substr(6, text.size() - 7));
}

std::optional<RateLimit> ParseRateLimit(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  RateLimit limit;
  const char* const end = text.data() + slash;
  const auto [stop, error] = std::from_chars(text.data(), end, limit.count);
  const std::optional<Duration> per = ParseDuration(text.substr(slash + 1));
  if (error != std::errc() || stop != end || !per) return std::nullopt;
  if (limit.count < 1 || *per < Duration(1)) return std::nullopt;
  limit.per = *per;
  return limit;
}

std::string FormatRateLimit(const RateLimit& limit) {
  if (limit.count == 0) return "none";
  return fmt::format("{}/{}", limit.count, FormatDuration(limit.per));
}

ConfigReader::ConfigReader(std::string directory, const ConfigOptions* options,
                           Config* config)
    : directory_(std::move(directory)), options_(options), config_(config) {}

std::optional<std::string> ConfigReader::Lookup(const Node& node,
                                                const std::string& name) {
  std::optional<std::string> value;
  if (options_->environment) {
    value = options_->environment(name);
  } else if (const char* text = std::getenv(name.c_str())) {
    value = text;
  }
  if (!value || value->empty()) {
    node.Complain(fmt::format("the environment variable `{}` is not set", name),
                  "set it where premura is started, for example in the unit's "
                  "Environment= or EnvironmentFile=");
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> ConfigReader::Expand(const Node& node,
                                                std::string_view what) {
  if (!node) return std::nullopt;
  std::optional<std::string> text = node.AsText(what);
  if (!text) return std::nullopt;
  if (const auto name = EnvironmentName(*text)) {
    text = Lookup(node, *name);
  } else if (text->find("${") != text->npos) {
    node.Complain(
        fmt::format("`{}` may be an environment variable only as a whole",
                    what),
        "write \"${env:NAME}\" and nothing beside it");
    return std::nullopt;
  }
  if (text && HasControls(*text)) {
    node.Complain(
        fmt::format("`{}` contains a line end or control character", what));
    return std::nullopt;
  }
  return text;
}

std::optional<std::string> ConfigReader::Text(Mapping* mapping,
                                              std::string_view key) {
  return Expand(mapping->Get(key), key);
}

std::optional<std::string> ConfigReader::RequireText(Mapping* mapping,
                                                     std::string_view key) {
  return Expand(mapping->Require(key), key);
}

std::string ConfigReader::TextOr(Mapping* mapping, std::string_view key,
                                 std::string_view fallback) {
  return Text(mapping, key).value_or(std::string(fallback));
}

std::string ConfigReader::PlainName(Mapping* mapping, std::string_view key,
                                    std::string_view fallback) {
  const Node node = mapping->Get(key);
  const std::optional<std::string> name = Expand(node, key);
  if (!name) return std::string(fallback);
  if (!IsPlainName(*name)) {
    node.Complain(fmt::format(
        "`{}` must be letters, digits, `.`, `_`, `-`, at most 64", key));
  }
  return *name;
}

std::string ConfigReader::Absolute(const std::string& path) const {
  if (path.empty() || path == "-") return path;
  const std::filesystem::path given(path);
  if (given.is_absolute()) return path;
  return (std::filesystem::path(directory_) / given).lexically_normal();
}

std::string ConfigReader::PathAt(const Node& node, const std::string& path,
                                 std::string_view what) {
  const std::string_view foreign = ForShell(path);
  if (foreign.empty()) return Absolute(path);
  node.Complain(
      fmt::format("`{}` holds `{}`, which only a shell knows", what, foreign),
      "write the path in full, or \"${env:NAME}\" in its place");
  return {};
}

std::string ConfigReader::Path(Mapping* mapping, std::string_view key) {
  return PathAt(mapping->Get(key), TextOr(mapping, key, ""), key);
}

std::string ConfigReader::RequirePath(Mapping* mapping, std::string_view key) {
  mapping->Require(key);
  return Path(mapping, key);
}

std::vector<std::string> ConfigReader::Paths(Mapping* mapping,
                                             std::string_view key) {
  std::vector<std::string> paths;
  const Node list = mapping->Get(key);
  if (!list) return paths;
  for (const Node& node : list.AsListOrScalar(key)) {
    if (auto path = Expand(node, key)) {
      paths.push_back(PathAt(node, *path, key));
    }
  }
  return paths;
}

std::string ConfigReader::RequireUrl(Mapping* mapping, std::string_view key) {
  const Node node = mapping->Require(key);
  const std::optional<std::string> url = Expand(node, key);
  if (!url) return {};
  const std::size_t scheme = url->starts_with(kHttps)  ? kHttps.size()
                             : url->starts_with(kHttp) ? kHttp.size()
                                                       : 0;
  const std::string_view authority = AuthorityOf(*url);
  const std::string_view host = HostOf(authority);
  if (scheme == 0 || authority.empty() || url->find(' ') != url->npos) {
    node.Complain(fmt::format("`{}` is not a web address", key),
                  "write https://host/path");
  } else if (CheckNoUser(node, key, *url) && scheme == kHttp.size() &&
             !IsLoopback(host)) {
    node.Warn(fmt::format("`{}` leads to another machine without TLS", key),
              "what is sent there can be read on the way; write https://");
  }
  return *url;
}

bool ConfigReader::CheckNoUser(const Node& node, std::string_view key,
                               std::string_view url) {
  if (AuthorityOf(url).find('@') == url.npos) return true;
  node.Complain(fmt::format("`{}` contains a user name or password", key),
                "secrets stand in files of their own");
  return false;
}

Secret ConfigReader::SecretValue(const Node& node, const std::string& key,
                                 const std::string& path) {
  const std::optional<std::string> text = node.AsText(key);
  if (!text) return {};
  const auto name = EnvironmentName(*text);
  if (!name) {
    node.Complain(fmt::format("`{}` is a secret and must not stand here", key),
                  "write \"${env:NAME}\", or put it in a file and name that "
                  "in a key that ends in `_file`");
    return {};
  }
  config_->secret_origins[path] = {key, *text};
  if (!options_->read_secrets) return {};
  return Secret(Lookup(node, *name).value_or(""));
}

Secret ConfigReader::SecretFile(const Node& node, const std::string& key,
                                const std::string& path) {
  const std::string file = PathAt(node, Expand(node, key).value_or(""), key);
  if (file.empty()) return {};
  config_->secret_origins[path] = {key, file};
  if (!options_->read_secrets) return {};
  Result<std::string> content = ReadFile(file, kLargestSecret);
  if (!content.ok()) {
    node.Complain(
        fmt::format("`{}` cannot be read: {}", key, content.error().message),
        kReadableHint);
    return {};
  }
  std::string secret = WithoutLineEnd(std::move(content).value());
  if (secret.empty()) {
    node.Complain(fmt::format("the file that `{}` names is empty", key));
  } else if (HasControlBytes(secret)) {
    node.Complain(
        fmt::format("the file that `{}` names holds more than one line", key));
    return {};
  }
  return Secret(std::move(secret));
}

Secret ConfigReader::ReadSecret(Mapping* mapping, const std::string& key,
                                const std::string& path, bool required) {
  const std::string file_key = key + "_file";
  const Node inline_node = mapping->Get(key);
  const Node file_node = mapping->Get(file_key);
  if (inline_node && file_node) {
    mapping->ComplainAtKey(
        key, fmt::format("`{}` and `{}` are both given", key, file_key),
        "keep one of them");
    return {};
  }
  if (inline_node) return SecretValue(inline_node, key, path);
  if (file_node) return SecretFile(file_node, file_key, path);
  if (required) mapping->Require(file_key);
  return {};
}

}  // namespace premura
