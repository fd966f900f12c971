// SPDX-License-Identifier: Apache-2.0
// FormatConfig: a Config as the YAML that reads back as the same.

#include <fmt/format.h>

#include "daemon/config/config_formatter.h"
#include "daemon/config/config_reader.h"
#include "notifiers/channels/call.h"

namespace premura {
namespace {

class Formatter final : public ConfigFormatter {
 public:
  using ConfigFormatter::ConfigFormatter;

  std::string Format() {
    Text("name", config_.name);
    FormatSources(this);
    Text("customer", config_.customer_is_user ? "user" : "account");
    Begin("profiles");
    Texts("files", config_.profile_files);
    Bool("from_events", config_.profiles_from_events);
    End();
    Texts("rules", config_.rules);
    Texts("templates", config_.templates);
    Preservation();
    Begin("state");
    Text("dir", config_.state_dir);
    Time("checkpoint_every", config_.checkpoint_every);
    Time("rebuild_most", config_.rebuild_most);
    KafkaState();
    End();
    Begin("dead_letters");
    Text("topic", config_.dead_letters.topic);
    Number("max_size",
           static_cast<std::int64_t>(config_.dead_letters.max_size));
    Number("keep", config_.dead_letters.keep);
    End();
    Ledger();
    Time("ledger_retention", config_.ledger_retention);
    Tickets();
    Email();
    Sms();
    Restraint();
    Sender();
    Delivery();
    Rest();
    return text();
  }

 private:
  // Of an address that may be a secret itself, only where it leads.
  void Place(std::string_view key, const std::string& url) {
    const std::string host = SchemeAndHost(url);
    Text(key, WithoutSlash(url) == host ? host : host + "/...");
  }

  void Ledger() {
    const DatabaseAddress& ledger = config_.ledger;
    if (!config_.secret_origins.contains("ledger.password") &&
        ledger.ca.empty() && config_.lease.whole == LeaseTerm::kDefault) {
      return Text("ledger", ledger.url);
    }
    Begin("ledger");
    Text("url", ledger.url);
    SecretAt("ledger.password");
    Text("ca", ledger.ca);
    Time("lease", config_.lease.whole);
    End();
  }

  void Desk(const RtOptions& rt) {
    Text("type", "rt");
    Text("url", rt.url);
    SecretAt("tickets." + rt.desk + ".token");
    Text("key_field", rt.key_field);
    Text("queue", rt.queue);
    Text("name", rt.name);
    Bool("requestor", rt.requestor);
    Text("ca", rt.ca_file);
  }
  void Desk(const RedmineOptions& redmine) {
    Text("type", "redmine");
    Text("url", redmine.url);
    SecretAt("tickets." + redmine.desk + ".key");
    Text("key_field", redmine.key_field);
    Text("project", redmine.project);
    Text("tracker", redmine.tracker);
    Text("ca", redmine.ca_file);
  }
  void Desk(const WebhookOptions& webhook) {
    Text("type", "webhook");
    Place("url", webhook.url);
    SecretAt("tickets." + webhook.desk + ".secret");
    SecretAt("tickets." + webhook.desk + ".old_secret");
    Text("ca", webhook.ca_file);
  }
  void Desk(const FileChannelOptions& file) {
    Text("type", "file");
    Text("directory", file.directory);
  }

  void Preservation() {
    const SelfPreservation& bounds = config_.self_preservation;
    Begin("self_preservation");
    Bool("enabled", bounds.enabled);
    Time("quiet_after", bounds.quiet_after);
    Time("resume_after", bounds.resume_after);
    Number("min_customers", static_cast<std::int64_t>(bounds.min_customers));
    Plain("max_share", fmt::format("{:.9g}%", bounds.max_share * 100));
    Time("within", bounds.within);
    Number("times_usual", bounds.times_usual);
    End();
  }

  void Tickets() {
    if (config_.tickets.empty()) return;
    Begin("tickets");
    for (const auto& [name, desk] : config_.tickets) {
      Begin(name);
      std::visit([this](const auto& options) { Desk(options); }, desk);
      End();
    }
    End();
  }

  void Smtp(const SmtpOptions& smtp) {
    static constexpr const char* kTls[] = {"starttls", "implicit", "none"};
    Begin("smtp");
    Text("host", smtp.host);
    Number("port", smtp.port);
    Text("tls", kTls[static_cast<int>(smtp.tls)]);
    Text("username", smtp.username);
    SecretAt("email.smtp.password");
    Text("ca", smtp.ca_file);
    End();
  }

  void Email() {
    if (!config_.email) return;
    const SmtpOptions& smtp = config_.email->smtp;
    Begin("email");
    if (config_.email->directory.empty()) {
      Smtp(smtp);
    } else {
      Begin("file");
      Text("directory", config_.email->directory);
      End();
    }
    Begin("from");
    Text("name", smtp.from_name);
    Text("address", smtp.from_address);
    End();
    Text("reply_to", smtp.reply_to);
    if (!smtp.unsubscribe_mailto.empty() || !smtp.unsubscribe_url.empty()) {
      Begin("unsubscribe");
      Text("mailto", smtp.unsubscribe_mailto);
      Text("url", smtp.unsubscribe_url);
      End();
    }
    Text("message_id_domain", smtp.message_id_domain);
    Text("limit", FormatRateLimit(config_.email->limit));
    End();
  }

  void Gateway(const KannelOptions& kannel) {
    Text("type", "kannel");
    Place("url", kannel.url);
    Text("username", kannel.username);
    SecretAt("sms.gateway.password");
    Text("ca", kannel.ca_file);
  }
  void Gateway(const TwilioOptions& twilio) {
    Text("type", "twilio");
    Place("url", twilio.url);
    Text("account_sid", twilio.account_sid);
    SecretAt("sms.gateway.auth_token");
    Text("messaging_service_sid", twilio.messaging_service_sid);
    Text("ca", twilio.ca_file);
  }
  void Gateway(const FileChannelOptions& file) { Desk(file); }

  void Sms() {
    if (!config_.sms) return;
    Begin("sms");
    Begin("gateway");
    std::visit([this](const auto& options) { Gateway(options); },
               config_.sms->gateway);
    End();
    Text("sender", config_.sms->sender);
    Text("limit", FormatRateLimit(config_.sms->limit));
    End();
  }

  void KafkaState() {
    if (!config_.kafka_state) return;
    Begin("kafka");
    Text("changelog_topic", config_.kafka_state->changelog_topic);
    Text("partitioner", config_.kafka_state->partitioner == Partitioner::kCrc32
                            ? "crc32"
                            : "murmur2");
    if (config_.kafka_state->replication > 0) {
      Number("replication", config_.kafka_state->replication);
    }
    End();
  }

  void Restraint() {
    const RestraintPolicy& policy = config_.restraint;
    Begin("restraint");
    Begin("consent");
    for (const auto& [category, consent] : policy.consent) {
      Text(category, consent == ConsentPolicy::kOnlyIfGiven
                         ? "only_if_given"
                         : "allowed_unless_refused");
    }
    End();
    Begin("frequency_cap");
    for (const auto& [channel, cap] : policy.frequency_cap) {
      Plain(channel,
            fmt::format("{}/{}", cap.count, FormatDuration(cap.window)));
    }
    End();
    Begin("quiet_hours");
    for (const auto& [channel, hours] : policy.quiet_hours) {
      Text(channel, FormatQuietHours(hours));
    }
    End();
    Text("timezone_missing", policy.timezone_missing);
    Text("locale", policy.default_locale);
    End();
  }

  void Sender() {
    const SenderFacts& sender = config_.sender;
    Begin("sender");
    Plain("organisation", YamlScalar(sender.organisation));
    Text("name", sender.name);
    Text("phone", sender.phone);
    Text("hours", sender.hours);
    Text("address", sender.address);
    Text("help_url", sender.help_url);
    Text("stop_url", sender.stop_url);
    if (!sender.extra.empty()) {
      Begin("extra");
      for (const auto& [key, text] : sender.extra) Text(key, text);
      End();
    }
    End();
  }

  void Delivery() {
    const RetryPolicy& retry = config_.retry;
    Begin("delivery");
    Time("retry_first", retry.first);
    Time("retry_most", retry.most);
    Time("give_up_after", retry.give_up_after);
    Number("max_concurrent", retry.max_concurrent);
    Number("breaker_failures", retry.breaker_failures);
    Time("breaker_pause", retry.breaker_pause);
    Time("ask_after", retry.quarantine);
    End();
  }

  void Rest() {
    const AdminConfig& admin = config_.admin;
    const bool v6 = admin.host.find(':') != std::string::npos;
    Begin("http");
    Begin("admin");
    Plain("listen",
          YamlScalar(fmt::format("{}{}{}:{}", v6 ? "[" : "", admin.host,
                                 v6 ? "]" : "", admin.port)));
    SecretAt("http.admin.token");
    End();
    End();
    Begin("log");
    Text("level", config_.log.level);
    Text("format", config_.log.json ? "json" : "text");
    End();
    Text("shards", config_.shards == 0 ? "auto" : "");
    if (config_.shards > 0) Number("shards", config_.shards);
  }
};

}  // namespace

std::string FormatConfig(const Config& config) {
  return Formatter(config).Format();
}

}  // namespace premura
