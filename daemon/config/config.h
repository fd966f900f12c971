// SPDX-License-Identifier: Apache-2.0
// Config: what `premura.yaml` says, read strictly, with every default filled
// in. Plain data; nothing is opened or connected here. The table of all keys
// is in daemon/README.md.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "notifiers/channels.h"
#include "notifiers/gates.h"
#include "notifiers/outreach.h"
#include "notifiers/secret.h"
#include "notifiers/templates.h"
#include "rules/diagnostic.h"
#include "rules/time.h"
#include "signals/event_decoder.h"
#include "signals/intake.h"
#include "signals/partitioner.h"
#include "signals/self_preservation.h"

namespace premura {

struct KafkaConfig {
  struct Tls {
    std::string ca, certificate, key_file;
    Secret key_password;
  };
  struct Sasl {
    std::string mechanism, username;
    Secret password;
  };
  std::vector<std::string> brokers;
  std::vector<std::string> topics;
  std::string group;
  std::string instance_id;
  std::optional<Tls> tls;
  std::optional<Sasl> sasl;
  std::map<std::string, std::string> properties;    // As written.
  std::map<std::string, Secret> secret_properties;  // `ssl.key.pem: ${env:X}`
};

struct ReplayConfig {
  std::string path;  // "-" is standard input.
  double speed = 0;  // 1 is as recorded; 0 as fast as it goes.
  // Event times are moved so that the last event happens when it is read.
  bool shift_to_now = false;
};

struct SourceConfig {
  std::string id;
  std::variant<KafkaConfig, ReplayConfig> from;
  std::string format = "plain";
  Preset preset = Preset::kPlain;
  EventMapping mapping;
  std::size_t max_bytes = 1 << 20;
  IntakeOptions intake;
};

// State that moves with the source's partitions between instances.
struct KafkaStateConfig {
  std::string changelog_topic;
  Partitioner partitioner = Partitioner::kMurmur2;
  int replication = 0;  // 0: as the source's topics have it.

  bool operator==(const KafkaStateConfig&) const = default;
};

// Where records that cannot be used are kept.
struct DeadLetterConfig {
  std::string topic;  // Not empty: in Kafka, by the first source's connection.
  std::uint64_t max_size = std::uint64_t{64} << 20;  // Of a file.
  int keep = 8;                                      // Full files kept.
};

using DeskOptions =
    std::variant<RtOptions, RedmineOptions, WebhookOptions, FileChannelOptions>;

struct EmailConfig {
  SmtpOptions smtp;       // With `from` and all that stands in headers.
  std::string directory;  // Not empty: written here instead of sent.
  RateLimit limit;
};

struct SmsConfig {
  std::variant<KannelOptions, TwilioOptions, FileChannelOptions> gateway;
  std::string sender;
  RateLimit limit;
};

struct AdminConfig {
  std::string host = "127.0.0.1";
  int port = 9464;  // 0: any that is free.
  Secret token;
};

struct LogConfig {
  std::string level = "info";
  bool json = true;
};

struct Config {
  std::string path;
  std::string name = "premura";
  std::vector<SourceConfig> sources;
  bool customer_is_user = false;
  std::vector<std::string> profile_files;
  bool profiles_from_events = true;
  std::vector<std::string> rules;
  std::vector<std::string> templates;
  SelfPreservation self_preservation{.enabled = true};
  std::string state_dir = "/var/lib/premura";
  Duration checkpoint_every = std::chrono::seconds(5);
  // How far back at most events are read again to make up for a checkpoint
  // that is not there, damaged or too old.
  Duration rebuild_most = std::chrono::hours(24);
  std::optional<KafkaStateConfig> kafka_state;  // Else on this machine.
  DeadLetterConfig dead_letters;
  DatabaseAddress ledger;
  LeaseTerm lease;
  Duration ledger_retention = std::chrono::days(400);
  std::vector<std::pair<std::string, DeskOptions>> tickets;
  std::optional<EmailConfig> email;
  std::optional<SmsConfig> sms;
  RestraintPolicy restraint;
  SenderFacts sender;
  RetryPolicy retry;
  AdminConfig admin;
  LogConfig log;
  int shards = 0;  // 0: one per core.

  // Where each secret comes from, by its key's path ("tickets.rt.token"), as
  // it would be written: {"token_file", "/etc/premura/rt.token"}.
  std::map<std::string, std::pair<std::string, std::string>> secret_origins;
};

struct ConfigOptions {
  // False: secrets stay empty, and no file that is named is looked for; for
  // commands that only look.
  bool read_secrets = true;
  // Of `${env:NAME}`; by default the process's.
  std::function<std::optional<std::string>(const std::string&)> environment;
};

struct LoadedConfig {
  std::shared_ptr<const Config> config;  // nullptr if there are errors.
  // What leads to the ledger, even so: nullptr if there are errors in `state`
  // or `ledger`.
  std::shared_ptr<const Config> to_ledger;
  Diagnostics diagnostics;  // Sorted.
};

// What holds where nothing is written.
RestraintPolicy DefaultRestraint();

LoadedConfig LoadConfig(const std::string& path, const ConfigOptions& options);

// The same for text; paths in it are relative to the folder of `path`.
LoadedConfig ReadConfig(const std::string& path, std::string text,
                        const ConfigOptions& options);

// The whole configuration as YAML with its defaults, which reads back as the
// same. Secrets stand as where they come from, and addresses of webhooks and
// gateways, which may be secrets themselves, as `https://host/...`.
std::string FormatConfig(const Config& config);

// librdkafka's properties for a source: its own and those that the keys mean.
std::map<std::string, std::string> KafkaProperties(const KafkaConfig& kafka,
                                                   const std::string& name);
// nullptr if no source is Kafka.
const KafkaConfig* FirstKafka(const Config& config);
// Of these what a producer beside it needs: brokers, TLS, SASL.
std::map<std::string, std::string> KafkaConnection(const KafkaConfig& kafka,
                                                   const std::string& name);

}  // namespace premura
