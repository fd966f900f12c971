// SPDX-License-Identifier: Apache-2.0
// ConfigReader: what the readers of the configuration's sections share: paths
// relative to the file, `${env:NAME}`, secrets. One reader per file.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"
#include "rules/document.h"

namespace premura {

class ConfigReader {
 public:
  // `config` and `options` must outlive it.
  ConfigReader(std::string directory, const ConfigOptions* options,
               Config* config);

  // A text, or the environment variable that it names as a whole.
  std::optional<std::string> Text(Mapping* mapping, std::string_view key);
  std::optional<std::string> RequireText(Mapping* mapping,
                                         std::string_view key);
  std::string TextOr(Mapping* mapping, std::string_view key,
                     std::string_view fallback);
  // Of a value at hand. `what` names it in messages.
  std::optional<std::string> Expand(const Node& node, std::string_view what);

  // A name that stands in metrics, keys and Message-IDs.
  std::string PlainName(Mapping* mapping, std::string_view key,
                        std::string_view fallback);

  // A path, absolute, seen from the file's folder. "-" stays. Empty with a
  // complaint if only a shell could read it: `~`, `$HOME`.
  std::string Path(Mapping* mapping, std::string_view key);
  std::string RequirePath(Mapping* mapping, std::string_view key);
  std::string PathAt(const Node& node, const std::string& path,
                     std::string_view what);
  std::string Absolute(const std::string& path) const;
  std::vector<std::string> Paths(Mapping* mapping, std::string_view key);

  // The same for what is there to be read: any file, one of certificates.
  std::string File(Mapping* mapping, std::string_view key);
  std::string Certificates(Mapping* mapping, std::string_view key);
  // Complains if the file at `path` cannot be read. "" and "-" are none.
  void CheckReadable(const Node& node, const std::string& path,
                     std::string_view what);
  // Complains if no folder can be there, and warns if this user may not write
  // in it.
  void CheckWritable(const Node& node, const std::string& folder,
                     std::string_view what);
  // The same for a file: of its folder, and that nothing else is in its place.
  void CheckWritableFile(const Node& node, const std::string& path,
                         std::string_view what);

  // http:// or https://, without CR, LF or a password in it; a warning if it
  // leads to another machine without TLS.
  std::string RequireUrl(Mapping* mapping, std::string_view key);
  // Complains if `url`, the value at `node`, has a user or a password in it.
  bool CheckNoUser(const Node& node, std::string_view key,
                   std::string_view url);

  // `<key>_file: PATH` or `<key>: ${env:NAME}`. Empty if there is neither
  // (a mistake if `required`) or it cannot be had (a mistake too). `path`
  // names it in Config::secret_origins.
  Secret ReadSecret(Mapping* mapping, const std::string& key,
                    const std::string& path, bool required);
  // A secret's value that stands at `node`: `${env:NAME}` and nothing else.
  Secret SecretValue(const Node& node, const std::string& key,
                     const std::string& path);

  Config* config() { return config_; }

 private:
  std::optional<std::string> Lookup(const Node& node, const std::string& name);
  Secret SecretFile(const Node& node, const std::string& key,
                    const std::string& path);

  const std::string directory_;
  const ConfigOptions* const options_;
  Config* const config_;
};

// What to do about a file that cannot be read.
inline constexpr const char* kReadableHint =
    "it must be there and readable for the user that runs premura; to check "
    "as that user: sudo -u premura premura check";

// Letters, digits, `.`, `_`, `-`, at most 64.
bool IsPlainName(std::string_view name);

// "user:password@example.com:8080" of a URL; empty if it is none.
std::string_view AuthorityOf(std::string_view url);

// `${env:NAME}` as a whole: NAME.
std::optional<std::string> EnvironmentName(std::string_view text);

// "30/1s".
std::optional<RateLimit> ParseRateLimit(std::string_view text);
std::string FormatRateLimit(const RateLimit& limit);

// The sections; each asks for its keys in the root and records mistakes.
void ReadSources(Mapping* root, ConfigReader* reader);
// After the sources.
void ReadDeadLetters(Mapping* root, ConfigReader* reader);
void ReadSelfPreservation(Mapping* root, ConfigReader* reader);
void ReadTickets(Mapping* root, ConfigReader* reader);
void ReadEmail(Mapping* root, ConfigReader* reader);
void ReadSms(Mapping* root, ConfigReader* reader);
void ReadRestraint(Mapping* root, ConfigReader* reader);
void ReadSender(Mapping* root, ConfigReader* reader);
void ReadDelivery(Mapping* root, ConfigReader* reader);
void ReadAdmin(Mapping* root, ConfigReader* reader);
void ReadLog(Mapping* root, ConfigReader* reader);

}  // namespace premura
