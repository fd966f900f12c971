// SPDX-License-Identifier: Apache-2.0
// `sources:` of the configuration.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "daemon/config/config_reader.h"
#include "signals/source.h"

namespace premura {
namespace {

// librdkafka's names that have a key of their own here.
struct OwnKey {
  std::string_view property;
  std::string_view key;
};
constexpr OwnKey kOwnKeys[] = {
    {"bootstrap.servers", "brokers"},
    {"metadata.broker.list", "brokers"},
    {"group.id", "group"},
    {"group.instance.id", "instance_id"},
    {"security.protocol", "tls` and `sasl"},
    {"ssl.ca.location", "tls: {ca: ..}"},
    {"ssl.certificate.location", "tls: {certificate: ..}"},
    {"ssl.key.location", "tls: {key_file: ..}"},
    {"ssl.key.password", "tls: {key_password_file: ..}"},
    {"sasl.mechanism", "sasl: {mechanism: ..}"},
    {"sasl.mechanisms", "sasl: {mechanism: ..}"},
    {"sasl.username", "sasl: {username: ..}"},
    {"sasl.password", "sasl: {password_file: ..}"},
};

// These load code, the first as soon as it is set: to check a file would run
// what it names.
constexpr std::string_view kLoadsCode[] = {"plugin.library.paths",
                                           "ssl.engine.location",
                                           "ssl.engine.id", "ssl.providers"};

// librdkafka's properties whose values are secrets.
const std::set<std::string>& SecretProperties() {
  static const std::set<std::string> names = {
      "ssl.key.pem", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
      "sasl.oauthbearer.config"};
  return names;
}

// Whether `name` is not the person's to set; says so.
bool RefuseOwned(const std::string& name, Mapping* mapping) {
  for (const OwnKey& own : kOwnKeys) {
    if (own.property != name) continue;
    mapping->ComplainAtKey(name, fmt::format("`{}` has a key of its own", name),
                           fmt::format("write `{}` below `kafka`", own.key));
    return true;
  }
  if (std::count(std::begin(kLoadsCode), std::end(kLoadsCode), name) > 0) {
    mapping->ComplainAtKey(
        name, fmt::format("`{}` loads code, which is not taken", name),
        "leave it out");
    return true;
  }
  const std::vector<std::string>& owned = OwnedKafkaProperties();
  if (std::find(owned.begin(), owned.end(), name) == owned.end()) return false;
  mapping->ComplainAtKey(
      name, fmt::format("`{}` is set by premura itself", name), "leave it out");
  return true;
}

void CheckProperty(const std::string& name, const std::string& value,
                   const Node& node, Mapping* mapping) {
  const std::vector<std::string> known = KafkaPropertyNames();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    const std::string nearest = Nearest(name, known);
    mapping->ComplainAtKey(
        name, fmt::format("librdkafka has no property `{}`", name),
        nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest));
    return;
  }
  const Status status = CheckKafkaProperty(name, value);
  if (!status.ok()) node.Complain(status.error().message);
}

void ReadProperties(Mapping mapping, const std::string& path,
                    ConfigReader* reader, KafkaConfig* kafka) {
  for (const auto& [name, node] : mapping.Entries()) {
    if (RefuseOwned(name, &mapping)) continue;
    if (SecretProperties().contains(name)) {
      kafka->secret_properties[name] =
          reader->SecretValue(node, name, path + ".properties." + name);
      continue;
    }
    const auto value = reader->Expand(node, name);
    if (!value) continue;
    CheckProperty(name, *value, node, &mapping);
    kafka->properties[name] = *value;
  }
}

std::optional<KafkaConfig::Tls> ReadTls(Mapping mapping,
                                        const std::string& path,
                                        ConfigReader* reader) {
  if (!mapping) return std::nullopt;
  KafkaConfig::Tls tls;
  tls.ca = reader->Certificates(&mapping, "ca");
  tls.certificate = reader->Certificates(&mapping, "certificate");
  tls.key_file = reader->File(&mapping, "key_file");
  tls.key_password = reader->ReadSecret(&mapping, "key_password",
                                        path + ".tls.key_password", false);
  if (tls.certificate.empty() != tls.key_file.empty()) {
    mapping.node().Complain("`certificate` and `key_file` go together");
  }
  mapping.RejectOtherKeys("in `tls`");
  return tls;
}

std::optional<KafkaConfig::Sasl> ReadSasl(Mapping mapping,
                                          const std::string& path,
                                          ConfigReader* reader) {
  if (!mapping) return std::nullopt;
  static const std::vector<std::string> mechanisms = {"PLAIN", "SCRAM-SHA-256",
                                                      "SCRAM-SHA-512"};
  KafkaConfig::Sasl sasl;
  const auto choice =
      mapping.Require("mechanism").AsChoice("mechanism", mechanisms);
  if (choice) sasl.mechanism = mechanisms[*choice];
  sasl.username = reader->RequireText(&mapping, "username").value_or("");
  sasl.password =
      reader->ReadSecret(&mapping, "password", path + ".sasl.password", true);
  mapping.RejectOtherKeys("in `sasl`");
  return sasl;
}

// A list that must not be empty.
std::vector<std::string> RequireList(Mapping* mapping, std::string_view key,
                                     ConfigReader* reader) {
  std::vector<std::string> texts;
  const Node list = mapping->Require(key);
  if (!list) return texts;
  const std::vector<Node> nodes = list.AsListOrScalar(key);
  for (const Node& node : nodes) {
    if (auto text = reader->Expand(node, key)) texts.push_back(*text);
  }
  if (nodes.empty() && list.kind() == Node::Kind::kSequence) {
    list.Complain(fmt::format("`{}` is an empty list", key));
  }
  return texts;
}

KafkaConfig ReadKafka(Mapping mapping, const std::string& id,
                      ConfigReader* reader) {
  const std::string path = "sources." + id;
  KafkaConfig kafka;
  kafka.brokers = RequireList(&mapping, "brokers", reader);
  kafka.topics = RequireList(&mapping, "topics", reader);
  kafka.group = reader->TextOr(&mapping, "group", reader->config()->name);
  kafka.instance_id = reader->TextOr(&mapping, "instance_id", "");
  kafka.tls = ReadTls(mapping.MappingOf("tls"), path, reader);
  kafka.sasl = ReadSasl(mapping.MappingOf("sasl"), path, reader);
  ReadProperties(mapping.MappingOf("properties"), path, reader, &kafka);
  mapping.RejectOtherKeys("in `kafka`");
  return kafka;
}

// "60x", "1x", "0.5x"; `max` is 0.
std::optional<double> ParseSpeed(std::string_view text) {
  if (text == "max") return 0;
  double speed = 0;
  const auto [stop, error] =
      std::from_chars(text.data(), text.data() + text.size(), speed);
  if (error != std::errc() ||
      std::string_view(stop, text.data() + text.size()) != "x" || speed <= 0) {
    return std::nullopt;
  }
  return speed;
}

ReplayConfig ReadFileSource(Mapping mapping, ConfigReader* reader) {
  ReplayConfig file;
  file.path = reader->RequirePath(&mapping, "path");
  reader->CheckReadable(mapping.Get("path"), file.path, "path");
  const Node speed = mapping.Get("speed");
  if (const auto text = reader->Expand(speed, "speed")) {
    const auto parsed = ParseSpeed(*text);
    if (!parsed) {
      speed.Complain(fmt::format("`speed` is `{}`, which is no speed", *text),
                     "write 1x (as recorded), 60x, or max");
    }
    file.speed = parsed.value_or(0);
  }
  file.shift_to_now = mapping.Bool("shift_to_now").value_or(false);
  if (file.shift_to_now && file.path == "-") {
    mapping.ComplainAtKey("shift_to_now",
                          "`shift_to_now` needs a file, not standard input",
                          "it looks for the last event before it begins");
  }
  mapping.RejectOtherKeys("in `file`");
  return file;
}

// Profile paths that may stand in a mapping without `profile:`.
constexpr std::string_view kProfilePaths[] = {
    "name",    "first_name", "role",  "tier",  "locale", "timezone",
    "country", "email",      "phone", "owner", "phase"};

EventMapping ReadMapping(Mapping mapping) {
  EventMapping paths;
  paths.id = mapping.Texts("id");
  paths.name = mapping.Texts("event");
  paths.customer = mapping.Texts("customer");
  paths.user = mapping.Texts("user");
  paths.account = mapping.Texts("account");
  paths.time = mapping.Texts("time");
  paths.properties = mapping.Texts("properties");
  paths.explode = mapping.TextOr("explode", "");
  for (const std::string_view path : kProfilePaths) {
    std::vector<std::string> from = mapping.Texts(path);
    if (!from.empty()) paths.profile.emplace_back(path, std::move(from));
  }
  Mapping more = mapping.MappingOf("profile");
  for (const auto& [path, node] : more.Entries()) {
    paths.profile.emplace_back(path, node.AsTexts(path));
  }
  mapping.RejectOtherKeys("in `mapping`");
  return paths;
}

void ReadIntake(Mapping* mapping, IntakeOptions* intake) {
  intake->allowed_lateness =
      mapping->DurationOf("allowed_lateness").value_or(Duration(0));
  intake->reorder = mapping->DurationOf("reorder").value_or(Duration(0));
  intake->dedup_window =
      mapping->DurationOf("dedup_window").value_or(std::chrono::hours(1));
}

// What the decoder itself has against the mapping: paths that are none.
void CheckDecoder(const SourceConfig& source, const Node& node) {
  DecoderOptions options;
  options.preset = source.preset;
  options.mapping = source.mapping;
  const auto decoder = NewEventDecoder(options);
  if (!decoder.ok()) node.Complain(decoder.error().message);
}

void ReadFrom(Mapping* mapping, ConfigReader* reader, SourceConfig* source) {
  const Node kafka = mapping->Get("kafka");
  const Node file = mapping->Get("file");
  if (kafka && file) {
    mapping->ComplainAtKey("file", "a source is either `kafka` or `file`",
                           "write two sources");
  } else if (kafka) {
    source->from = ReadKafka(kafka.AsMapping("kafka"), source->id, reader);
  } else if (file) {
    source->from = ReadFileSource(file.AsMapping("file"), reader);
  } else {
    mapping->node().Complain("a source needs `kafka` or `file`");
  }
}

SourceConfig ReadSource(const Node& node, std::size_t number,
                        ConfigReader* reader) {
  SourceConfig source;
  Mapping mapping = node.AsMapping("sources");
  if (!mapping) return source;
  source.id =
      reader->PlainName(&mapping, "id", fmt::format("source-{}", number));
  ReadFrom(&mapping, reader, &source);
  source.format = reader->TextOr(&mapping, "format", "plain");
  if (const auto preset = ParsePreset(source.format)) {
    source.preset = *preset;
  } else {
    const std::vector<std::string> formats = {"segment", "rudderstack",
                                              "cloudevents", "plain"};
    mapping.Get("format").AsChoice("format", formats);
  }
  const Node paths = mapping.Get("mapping");
  if (paths) source.mapping = ReadMapping(paths.AsMapping("mapping"));
  CheckDecoder(source, paths ? paths : node);
  ReadIntake(&mapping, &source.intake);
  const Node size = mapping.Get("max_record");
  if (const auto bytes = size.AsSize("max_record")) {
    if (*bytes < 1024 || *bytes > (std::int64_t{64} << 20)) {
      size.Complain("`max_record` must be between 1KiB and 64MiB");
    }
    source.max_bytes = static_cast<std::size_t>(*bytes);
  }
  mapping.RejectOtherKeys(fmt::format("in source `{}`", source.id));
  return source;
}

}  // namespace

void ReadSources(Mapping* root, ConfigReader* reader) {
  const Node list = root->Require("sources");
  if (!list) return;
  const std::vector<Node> nodes = list.AsList("sources");
  if (nodes.empty() && list.kind() == Node::Kind::kSequence) {
    list.Complain("`sources` is an empty list");
  }
  std::set<std::string> ids;
  for (const Node& node : nodes) {
    SourceConfig source =
        ReadSource(node, reader->config()->sources.size() + 1, reader);
    if (!ids.insert(source.id).second) {
      node.Complain(fmt::format("there are two sources `{}`", source.id),
                    "give each an `id` of its own");
    }
    reader->config()->sources.push_back(std::move(source));
  }
}

}  // namespace premura
