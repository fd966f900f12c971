// SPDX-License-Identifier: Apache-2.0
// `restraint:`, `sender:`, `delivery:`, `self_preservation:`, `dead_letters:`,
// `http:` and `log:` of the configuration.

#include <fmt/format.h>

#include <charconv>

#include "daemon/config/config_reader.h"
#include "notifiers/loopback.h"
#include "notifiers/template_file.h"
#include "rules/number.h"
#include "signals/zones.h"

namespace premura {
namespace {

// A shorter one can be tried out.
constexpr std::size_t kShortestToken = 16;

void ReadConsent(Mapping mapping, RestraintPolicy* policy) {
  for (const char* category : {"service", "marketing"}) {
    const auto choice = mapping.Get(category).AsChoice(
        category, {"allowed_unless_refused", "only_if_given"});
    if (!choice) continue;
    policy->consent[category] = static_cast<ConsentPolicy>(*choice);
  }
  mapping.RejectOtherKeys("in `consent`");
}

// One that templates can be named for.
void ReadLocale(const Node& node, ConfigReader* reader,
                RestraintPolicy* policy) {
  const auto text = reader->Expand(node, "locale");
  if (!text) return;
  const auto locale = ParseLocale(*text);
  if (!locale) {
    node.Complain(fmt::format("`locale` is `{}`, which is no language", *text),
                  "write it as templates are named: `it`, or `it-CH`");
  }
  policy->default_locale = locale.value_or(policy->default_locale);
}

void ReadAboveZero(Mapping* mapping, const char* key, Duration* into) {
  const auto value = mapping->DurationOf(key);
  if (!value) return;
  if (*value < Duration(1)) {
    mapping->Get(key).Complain(fmt::format("`{}` must be above 0", key));
  }
  *into = *value;
}

// "10%": above 0%, at most 100%.
void ReadShare(Mapping* mapping, const char* key, double* into) {
  const Node node = mapping->Get(key);
  const auto text = node.AsText(key);
  if (!text) return;
  std::optional<Number> share;
  if (text->ends_with('%')) {
    share = ParseNumber(text->substr(0, text->size() - 1));
  }
  if (!share || share->AsDouble() <= 0 || share->AsDouble() > 100) {
    node.Complain(fmt::format("`{}` is `{}`, which is no share", key, *text),
                  "above 0% and at most 100%, for example 10%");
    return;
  }
  *into = share->AsDouble() / 100;
}

}  // namespace

RestraintPolicy DefaultRestraint() {
  using std::chrono::days;
  RestraintPolicy policy;
  policy.consent = {{"service", ConsentPolicy::kAllowedUnlessRefused},
                    {"marketing", ConsentPolicy::kOnlyIfGiven}};
  policy.frequency_cap = {
      {"email", {2, days(7)}}, {"sms", {1, days(7)}}, {"any", {3, days(7)}}};
  policy.quiet_hours["email"] = {};
  policy.quiet_hours["sms"] = {{{20 * 60, 9 * 60}}, 1U << 0};
  return policy;
}

namespace {

// "127.0.0.1:9464", "[::1]:0", "localhost:9464".
bool ParseListen(std::string_view text, AdminConfig* admin) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') != host.ends_with(']')) return false;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::string_view port = text.substr(colon + 1);
  const char* const end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, admin->port);
  if (error != std::errc() || stop != end || host.empty()) return false;
  admin->host = host;
  return admin->port >= 0 && admin->port <= 65535;
}

// What stands in texts that others make links of.
std::string ReadLink(Mapping* mapping, const char* key, ConfigReader* reader) {
  const std::string url = reader->TextOr(mapping, key, "");
  if (!reader->CheckNoUser(mapping->Get(key), key, url)) return "";
  for (const char* scheme : {"https://", "http://", "mailto:"}) {
    if (url.empty() || url.starts_with(scheme)) return url;
  }
  mapping->Get(key).Warn(
      fmt::format("`{}` is `{}`, of which nobody makes a link", key, url),
      "write https://host/path");
  return url;
}

}  // namespace

const KafkaConfig* FirstKafka(const Config& config) {
  for (const SourceConfig& source : config.sources) {
    if (const auto* kafka = std::get_if<KafkaConfig>(&source.from)) {
      return kafka;
    }
  }
  return nullptr;
}

void ReadRestraint(Mapping* root, ConfigReader* reader) {
  RestraintPolicy* const policy = &reader->config()->restraint;
  *policy = DefaultRestraint();
  Mapping mapping = root->MappingOf("restraint");
  ReadConsent(mapping.MappingOf("consent"), policy);
  // By channel: one that is not named keeps its default.
  for (const auto& [channel, cap] :
       ReadFrequencyCaps(mapping.Get("frequency_cap"))) {
    policy->frequency_cap[channel] = cap;
  }
  for (const auto& [channel, quiet] :
       ReadQuietHoursByChannel(mapping.Get("quiet_hours"))) {
    policy->quiet_hours[channel] = quiet;
  }
  const Node zone = mapping.Get("timezone_missing");
  if (const auto text = reader->Expand(zone, "timezone_missing")) {
    if (*text != "hold" && !IsKnownZone(*text)) {
      zone.Complain(
          fmt::format("`timezone_missing` is `{}`, which is no time zone",
                      *text),
          "write hold, or a name like Europe/Rome");
    }
    policy->timezone_missing = *text;
  }
  ReadLocale(mapping.Get("locale"), reader, policy);
  mapping.RejectOtherKeys("in `restraint`");
}

void ReadSender(Mapping* root, ConfigReader* reader) {
  const Config& config = *reader->config();
  SenderFacts* const sender = &reader->config()->sender;
  Mapping mapping = root->MappingOf("sender");
  sender->organisation = reader->TextOr(&mapping, "organisation", "");
  sender->name = reader->TextOr(&mapping, "name", "");
  sender->phone = reader->TextOr(&mapping, "phone", "");
  sender->hours = reader->TextOr(&mapping, "hours", "");
  sender->help_url = ReadLink(&mapping, "help_url", reader);
  sender->stop_url = ReadLink(&mapping, "stop_url", reader);
  sender->address = reader->TextOr(&mapping, "address", "");
  if (sender->address.empty() && config.email) {
    const SmtpOptions& smtp = config.email->smtp;
    sender->address = smtp.reply_to.empty() ? smtp.from_address : smtp.reply_to;
  }
  Mapping extra = mapping.MappingOf("extra");
  for (const auto& [key, node] : extra.Entries()) {
    if (auto text = reader->Expand(node, key)) sender->extra[key] = *text;
  }
  mapping.RejectOtherKeys("in `sender`");
}

void ReadDelivery(Mapping* root, ConfigReader* reader) {
  RetryPolicy* const retry = &reader->config()->retry;
  Mapping mapping = root->MappingOf("delivery");
  ReadAboveZero(&mapping, "retry_first", &retry->first);
  ReadAboveZero(&mapping, "retry_most", &retry->most);
  ReadAboveZero(&mapping, "give_up_after", &retry->give_up_after);
  ReadAboveZero(&mapping, "breaker_pause", &retry->breaker_pause);
  ReadAboveZero(&mapping, "ask_after", &retry->quarantine);
  retry->max_concurrent = static_cast<int>(
      mapping.Int("max_concurrent", 1, 64).value_or(retry->max_concurrent));
  retry->breaker_failures =
      static_cast<int>(mapping.Int("breaker_failures", 1, 1000)
                           .value_or(retry->breaker_failures));
  if (retry->first > retry->most) {
    mapping.node().Complain("`retry_first` is longer than `retry_most`");
  }
  if (retry->give_up_after < retry->first) {
    const char* key =
        mapping.Has("give_up_after") ? "give_up_after" : "retry_first";
    mapping.Get(key).Warn(
        "`give_up_after` is shorter than `retry_first`: nothing is tried again",
        fmt::format("they are {} and {}", FormatDuration(retry->give_up_after),
                    FormatDuration(retry->first)));
  }
  mapping.RejectOtherKeys("in `delivery`");
}

void ReadSelfPreservation(Mapping* root, ConfigReader* reader) {
  SelfPreservation* const bounds = &reader->config()->self_preservation;
  Mapping mapping = root->MappingOf("self_preservation");
  bounds->enabled = mapping.Bool("enabled").value_or(bounds->enabled);
  ReadAboveZero(&mapping, "quiet_after", &bounds->quiet_after);
  ReadAboveZero(&mapping, "resume_after", &bounds->resume_after);
  ReadAboveZero(&mapping, "within", &bounds->within);
  bounds->min_customers = static_cast<std::size_t>(
      mapping.Int("min_customers", 1, 1'000'000'000)
          .value_or(static_cast<std::int64_t>(bounds->min_customers)));
  bounds->times_usual = static_cast<int>(
      mapping.Int("times_usual", 1, 1000).value_or(bounds->times_usual));
  ReadShare(&mapping, "max_share", &bounds->max_share);
  mapping.RejectOtherKeys("in `self_preservation`");
}

void ReadDeadLetters(Mapping* root, ConfigReader* reader) {
  DeadLetterConfig* const letters = &reader->config()->dead_letters;
  Mapping mapping = root->MappingOf("dead_letters");
  letters->topic = reader->TextOr(&mapping, "topic", "");
  if (!letters->topic.empty() && !FirstKafka(*reader->config())) {
    mapping.ComplainAtKey("topic", "`topic` needs a source that is `kafka`",
                          "leave it out: dead letters are kept in state.dir");
  }
  const Node size = mapping.Get("max_size");
  if (const auto bytes = size.AsSize("max_size")) {
    if (*bytes < (1 << 20)) {
      size.Complain("`max_size` must be at least 1MiB");
    }
    letters->max_size = static_cast<std::uint64_t>(*bytes);
  }
  letters->keep =
      static_cast<int>(mapping.Int("keep", 1, 1000).value_or(letters->keep));
  mapping.RejectOtherKeys("in `dead_letters`");
}

void ReadAdmin(Mapping* root, ConfigReader* reader) {
  AdminConfig* const admin = &reader->config()->admin;
  Mapping http = root->MappingOf("http");
  Mapping mapping = http.MappingOf("admin");
  const Node listen = mapping.Get("listen");
  if (const auto text = reader->Expand(listen, "listen")) {
    if (!ParseListen(*text, admin)) {
      listen.Complain(
          fmt::format("`listen` is `{}`, which is no address", *text),
          "write 127.0.0.1:9464, or [::1]:9464");
    }
  }
  admin->token =
      reader->ReadSecret(&mapping, "token", "http.admin.token", false);
  const auto origin = reader->config()->secret_origins.find("http.admin.token");
  const bool has_token = origin != reader->config()->secret_origins.end();
  const std::size_t length = admin->token.Reveal().size();
  if (length > 0 && length < kShortestToken) {
    mapping.ComplainAtKey(
        origin->second.first,
        fmt::format("the token is too short: {} characters", length),
        fmt::format("at least {}, for example of `openssl rand -hex 32`",
                    kShortestToken));
  }
  if (listen && !IsLoopback(admin->host) && !has_token) {
    listen.Complain(
        "`listen` is reachable from other machines and needs a token",
        "add `token_file`, or listen on 127.0.0.1");
  }
  mapping.RejectOtherKeys("in `admin`");
  http.RejectOtherKeys("in `http`");
}

void ReadLog(Mapping* root, ConfigReader* reader) {
  static const std::vector<std::string> levels = {"debug", "info", "warning",
                                                  "error"};
  LogConfig* const log = &reader->config()->log;
  Mapping mapping = root->MappingOf("log");
  const auto level = mapping.Get("level").AsChoice("level", levels);
  if (level) log->level = levels[*level];
  const auto format =
      mapping.Get("format").AsChoice("format", {"json", "text"});
  log->json = format.value_or(0) == 0;
  mapping.RejectOtherKeys("in `log`");
}

}  // namespace premura
