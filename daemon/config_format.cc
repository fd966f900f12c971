// SPDX-License-Identifier: Apache-2.0
// FormatConfig: a Config as the YAML that reads back as the same.

#include <fmt/format.h>

#include "daemon/config.h"
#include "daemon/config_reader.h"
#include "daemon/yaml_writer.h"

namespace premura {
namespace {

class Formatter {
 public:
  explicit Formatter(const Config& config) : config_(config) {}

  std::string Format() {
    yaml_.Text("name", config_.name);
    yaml_.Begin("sources");
    for (const SourceConfig& source : config_.sources) Source(source);
    yaml_.End();
    yaml_.Text("customer", config_.customer_is_user ? "user" : "account");
    yaml_.Begin("profiles");
    yaml_.Texts("files", config_.profile_files);
    Bool("from_events", config_.profiles_from_events);
    yaml_.End();
    yaml_.Texts("rules", config_.rules);
    yaml_.Texts("templates", config_.templates);
    Preservation();
    yaml_.Begin("state");
    yaml_.Text("dir", config_.state_dir);
    Time("checkpoint_every", config_.checkpoint_every);
    Time("rebuild_most", config_.rebuild_most);
    KafkaState();
    yaml_.End();
    yaml_.Begin("dead_letters");
    yaml_.Text("topic", config_.dead_letters.topic);
    Number("max_size",
           static_cast<std::int64_t>(config_.dead_letters.max_size));
    Number("keep", config_.dead_letters.keep);
    yaml_.End();
    Ledger();
    Time("ledger_retention", config_.ledger_retention);
    Tickets();
    Email();
    Sms();
    Restraint();
    Sender();
    Delivery();
    Rest();
    return yaml_.text();
  }

 private:
  void Time(std::string_view key, Duration duration) {
    yaml_.Plain(key, FormatDuration(duration));
  }
  void Bool(std::string_view key, bool flag) {
    yaml_.Plain(key, flag ? "true" : "false");
  }
  void Number(std::string_view key, std::int64_t number) {
    yaml_.Plain(key, std::to_string(number));
  }
  // Where the secret comes from, never what it is.
  void SecretAt(const std::string& path) {
    const auto origin = config_.secret_origins.find(path);
    if (origin == config_.secret_origins.end()) return;
    yaml_.Text(origin->second.first, origin->second.second);
  }

  void Ledger() {
    const DatabaseAddress& ledger = config_.ledger;
    if (!config_.secret_origins.contains("ledger.password") &&
        ledger.ca.empty() && config_.lease.whole == LeaseTerm::kDefault) {
      return yaml_.Text("ledger", ledger.url);
    }
    yaml_.Begin("ledger");
    yaml_.Text("url", ledger.url);
    SecretAt("ledger.password");
    yaml_.Text("ca", ledger.ca);
    Time("lease", config_.lease.whole);
    yaml_.End();
  }

  void Kafka(const KafkaConfig& kafka, const std::string& path) {
    yaml_.Begin("kafka");
    yaml_.Texts("brokers", kafka.brokers);
    yaml_.Texts("topics", kafka.topics);
    yaml_.Text("group", kafka.group);
    yaml_.Text("instance_id", kafka.instance_id);
    if (kafka.tls) {
      yaml_.Begin("tls");
      yaml_.Text("ca", kafka.tls->ca);
      yaml_.Text("certificate", kafka.tls->certificate);
      yaml_.Text("key_file", kafka.tls->key_file);
      SecretAt(path + ".tls.key_password");
      yaml_.End();
    }
    if (kafka.sasl) {
      yaml_.Begin("sasl");
      yaml_.Text("mechanism", kafka.sasl->mechanism);
      yaml_.Text("username", kafka.sasl->username);
      SecretAt(path + ".sasl.password");
      yaml_.End();
    }
    if (!kafka.properties.empty() || !kafka.secret_properties.empty()) {
      yaml_.Begin("properties");
      for (const auto& [key, value] : kafka.properties) yaml_.Text(key, value);
      for (const auto& [key, value] : kafka.secret_properties) {
        SecretAt(path + ".properties." + key);
      }
      yaml_.End();
    }
    yaml_.End();
  }

  void Replay(const ReplayConfig& file) {
    yaml_.Begin("file");
    yaml_.Text("path", file.path);
    yaml_.Text("speed",
               file.speed == 0 ? "max" : fmt::format("{}x", file.speed));
    Bool("shift_to_now", file.shift_to_now);
    yaml_.End();
  }

  void Paths(const EventMapping& mapping) {
    yaml_.Begin("mapping");
    yaml_.Texts("id", mapping.id);
    yaml_.Texts("event", mapping.name);
    yaml_.Texts("customer", mapping.customer);
    yaml_.Texts("user", mapping.user);
    yaml_.Texts("account", mapping.account);
    yaml_.Texts("time", mapping.time);
    yaml_.Texts("properties", mapping.properties);
    yaml_.Text("explode", mapping.explode);
    if (!mapping.profile.empty()) yaml_.Begin("profile");
    for (const auto& [path, from] : mapping.profile) yaml_.Texts(path, from);
    if (!mapping.profile.empty()) yaml_.End();
    yaml_.End();
  }

  static bool IsEmpty(const EventMapping& m) {
    return m.id.empty() && m.name.empty() && m.customer.empty() &&
           m.user.empty() && m.account.empty() && m.time.empty() &&
           m.properties.empty() && m.profile.empty() && m.explode.empty();
  }

  void Source(const SourceConfig& source) {
    yaml_.BeginElement();
    yaml_.Text("id", source.id);
    if (const auto* kafka = std::get_if<KafkaConfig>(&source.from)) {
      Kafka(*kafka, "sources." + source.id);
    } else {
      Replay(std::get<ReplayConfig>(source.from));
    }
    yaml_.Text("format", source.format);
    if (!IsEmpty(source.mapping)) Paths(source.mapping);
    Time("allowed_lateness", source.intake.allowed_lateness);
    Time("reorder", source.intake.reorder);
    Time("dedup_window", source.intake.dedup_window);
    Number("max_record", static_cast<std::int64_t>(source.max_bytes));
    yaml_.EndElement();
  }

  void Desk(const RtOptions& rt) {
    yaml_.Text("type", "rt");
    yaml_.Text("url", rt.url);
    SecretAt("tickets." + rt.desk + ".token");
    yaml_.Text("key_field", rt.key_field);
    yaml_.Text("queue", rt.queue);
    yaml_.Text("name", rt.name);
    Bool("requestor", rt.requestor);
    yaml_.Text("ca", rt.ca_file);
  }
  void Desk(const RedmineOptions& redmine) {
    yaml_.Text("type", "redmine");
    yaml_.Text("url", redmine.url);
    SecretAt("tickets." + redmine.desk + ".key");
    yaml_.Text("key_field", redmine.key_field);
    yaml_.Text("project", redmine.project);
    yaml_.Text("tracker", redmine.tracker);
    yaml_.Text("ca", redmine.ca_file);
  }
  void Desk(const WebhookOptions& webhook) {
    yaml_.Text("type", "webhook");
    yaml_.Text("url", webhook.url);
    SecretAt("tickets." + webhook.desk + ".secret");
    SecretAt("tickets." + webhook.desk + ".old_secret");
    yaml_.Text("ca", webhook.ca_file);
  }
  void Desk(const FileChannelOptions& file) {
    yaml_.Text("type", "file");
    yaml_.Text("directory", file.directory);
  }

  void Preservation() {
    const SelfPreservation& bounds = config_.self_preservation;
    yaml_.Begin("self_preservation");
    Bool("enabled", bounds.enabled);
    Time("quiet_after", bounds.quiet_after);
    Time("resume_after", bounds.resume_after);
    Number("min_customers", static_cast<std::int64_t>(bounds.min_customers));
    yaml_.Plain("max_share", fmt::format("{:.9g}%", bounds.max_share * 100));
    Time("within", bounds.within);
    Number("times_usual", bounds.times_usual);
    yaml_.End();
  }

  void Tickets() {
    if (config_.tickets.empty()) return;
    yaml_.Begin("tickets");
    for (const auto& [name, desk] : config_.tickets) {
      yaml_.Begin(name);
      std::visit([this](const auto& options) { Desk(options); }, desk);
      yaml_.End();
    }
    yaml_.End();
  }

  void Smtp(const SmtpOptions& smtp) {
    static constexpr const char* kTls[] = {"starttls", "implicit", "none"};
    yaml_.Begin("smtp");
    yaml_.Text("host", smtp.host);
    Number("port", smtp.port);
    yaml_.Text("tls", kTls[static_cast<int>(smtp.tls)]);
    yaml_.Text("username", smtp.username);
    SecretAt("email.smtp.password");
    yaml_.Text("ca", smtp.ca_file);
    yaml_.End();
  }

  void Email() {
    if (!config_.email) return;
    const SmtpOptions& smtp = config_.email->smtp;
    yaml_.Begin("email");
    if (config_.email->directory.empty()) {
      Smtp(smtp);
    } else {
      yaml_.Begin("file");
      yaml_.Text("directory", config_.email->directory);
      yaml_.End();
    }
    yaml_.Begin("from");
    yaml_.Text("name", smtp.from_name);
    yaml_.Text("address", smtp.from_address);
    yaml_.End();
    yaml_.Text("reply_to", smtp.reply_to);
    if (!smtp.unsubscribe_mailto.empty() || !smtp.unsubscribe_url.empty()) {
      yaml_.Begin("unsubscribe");
      yaml_.Text("mailto", smtp.unsubscribe_mailto);
      yaml_.Text("url", smtp.unsubscribe_url);
      yaml_.End();
    }
    yaml_.Text("message_id_domain", smtp.message_id_domain);
    yaml_.Text("limit", FormatRateLimit(config_.email->limit));
    yaml_.End();
  }

  void Gateway(const KannelOptions& kannel) {
    yaml_.Text("type", "kannel");
    yaml_.Text("url", kannel.url);
    yaml_.Text("username", kannel.username);
    SecretAt("sms.gateway.password");
    yaml_.Text("ca", kannel.ca_file);
  }
  void Gateway(const TwilioOptions& twilio) {
    yaml_.Text("type", "twilio");
    yaml_.Text("url", twilio.url);
    yaml_.Text("account_sid", twilio.account_sid);
    SecretAt("sms.gateway.auth_token");
    yaml_.Text("messaging_service_sid", twilio.messaging_service_sid);
    yaml_.Text("ca", twilio.ca_file);
  }
  void Gateway(const FileChannelOptions& file) { Desk(file); }

  void Sms() {
    if (!config_.sms) return;
    yaml_.Begin("sms");
    yaml_.Begin("gateway");
    std::visit([this](const auto& options) { Gateway(options); },
               config_.sms->gateway);
    yaml_.End();
    yaml_.Text("sender", config_.sms->sender);
    yaml_.Text("limit", FormatRateLimit(config_.sms->limit));
    yaml_.End();
  }

  void KafkaState() {
    if (!config_.kafka_state) return;
    yaml_.Begin("kafka");
    yaml_.Text("changelog_topic", config_.kafka_state->changelog_topic);
    yaml_.Text("partitioner",
               config_.kafka_state->partitioner == Partitioner::kCrc32
                   ? "crc32"
                   : "murmur2");
    yaml_.End();
  }

  void Restraint() {
    const RestraintPolicy& policy = config_.restraint;
    yaml_.Begin("restraint");
    yaml_.Begin("consent");
    for (const auto& [category, consent] : policy.consent) {
      yaml_.Text(category, consent == ConsentPolicy::kOnlyIfGiven
                               ? "only_if_given"
                               : "allowed_unless_refused");
    }
    yaml_.End();
    yaml_.Begin("frequency_cap");
    for (const auto& [channel, cap] : policy.frequency_cap) {
      yaml_.Plain(channel,
                  fmt::format("{}/{}", cap.count, FormatDuration(cap.window)));
    }
    yaml_.End();
    yaml_.Begin("quiet_hours");
    for (const auto& [channel, hours] : policy.quiet_hours) {
      yaml_.Text(channel, FormatQuietHours(hours));
    }
    yaml_.End();
    yaml_.Text("timezone_missing", policy.timezone_missing);
    yaml_.Text("locale", policy.default_locale);
    yaml_.End();
  }

  void Sender() {
    const SenderFacts& sender = config_.sender;
    yaml_.Begin("sender");
    yaml_.Plain("organisation", YamlScalar(sender.organisation));
    yaml_.Text("name", sender.name);
    yaml_.Text("phone", sender.phone);
    yaml_.Text("hours", sender.hours);
    yaml_.Text("address", sender.address);
    yaml_.Text("help_url", sender.help_url);
    yaml_.Text("stop_url", sender.stop_url);
    if (!sender.extra.empty()) {
      yaml_.Begin("extra");
      for (const auto& [key, text] : sender.extra) yaml_.Text(key, text);
      yaml_.End();
    }
    yaml_.End();
  }

  void Delivery() {
    const RetryPolicy& retry = config_.retry;
    yaml_.Begin("delivery");
    Time("retry_first", retry.first);
    Time("retry_most", retry.most);
    Time("give_up_after", retry.give_up_after);
    Number("max_concurrent", retry.max_concurrent);
    Number("breaker_failures", retry.breaker_failures);
    Time("breaker_pause", retry.breaker_pause);
    Time("ask_after", retry.quarantine);
    yaml_.End();
  }

  void Rest() {
    const AdminConfig& admin = config_.admin;
    const bool v6 = admin.host.find(':') != std::string::npos;
    yaml_.Begin("http");
    yaml_.Begin("admin");
    yaml_.Plain("listen",
                YamlScalar(fmt::format("{}{}{}:{}", v6 ? "[" : "", admin.host,
                                       v6 ? "]" : "", admin.port)));
    SecretAt("http.admin.token");
    yaml_.End();
    yaml_.End();
    yaml_.Begin("log");
    yaml_.Text("level", config_.log.level);
    yaml_.Text("format", config_.log.json ? "json" : "text");
    yaml_.End();
    yaml_.Text("shards", config_.shards == 0 ? "auto" : "");
    if (config_.shards > 0) Number("shards", config_.shards);
  }

  const Config& config_;
  YamlWriter yaml_;
};

}  // namespace

std::string FormatConfig(const Config& config) {
  return Formatter(config).Format();
}

}  // namespace premura
