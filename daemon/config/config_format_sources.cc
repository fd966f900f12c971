// SPDX-License-Identifier: Apache-2.0
// `sources:` of the configuration, written.

#include <fmt/format.h>

#include "daemon/config/config_formatter.h"

namespace premura {
namespace {

void FormatKafka(const KafkaConfig& kafka, const std::string& path,
                 ConfigFormatter* out) {
  out->Begin("kafka");
  out->Texts("brokers", kafka.brokers);
  out->Texts("topics", kafka.topics);
  out->Text("group", kafka.group);
  out->Text("instance_id", kafka.instance_id);
  if (kafka.tls) {
    out->Begin("tls");
    out->Text("ca", kafka.tls->ca);
    out->Text("certificate", kafka.tls->certificate);
    out->Text("key_file", kafka.tls->key_file);
    out->SecretAt(path + ".tls.key_password");
    out->End();
  }
  if (kafka.sasl) {
    out->Begin("sasl");
    out->Text("mechanism", kafka.sasl->mechanism);
    out->Text("username", kafka.sasl->username);
    out->SecretAt(path + ".sasl.password");
    out->End();
  }
  if (!kafka.properties.empty() || !kafka.secret_properties.empty()) {
    out->Begin("properties");
    for (const auto& [key, value] : kafka.properties) out->Text(key, value);
    for (const auto& [key, value] : kafka.secret_properties) {
      out->SecretAt(path + ".properties." + key);
    }
    out->End();
  }
  out->End();
}

void FormatReplay(const ReplayConfig& file, ConfigFormatter* out) {
  out->Begin("file");
  out->Text("path", file.path);
  out->Text("speed", file.speed == 0 ? "max" : fmt::format("{}x", file.speed));
  out->Bool("shift_to_now", file.shift_to_now);
  out->End();
}

void FormatMapping(const EventMapping& mapping, ConfigFormatter* out) {
  out->Begin("mapping");
  out->Texts("id", mapping.id);
  out->Texts("event", mapping.name);
  out->Texts("customer", mapping.customer);
  out->Texts("user", mapping.user);
  out->Texts("account", mapping.account);
  out->Texts("time", mapping.time);
  out->Texts("properties", mapping.properties);
  out->Text("explode", mapping.explode);
  if (!mapping.profile.empty()) out->Begin("profile");
  for (const auto& [path, from] : mapping.profile) out->Texts(path, from);
  if (!mapping.profile.empty()) out->End();
  out->End();
}

bool IsEmpty(const EventMapping& m) {
  return m.id.empty() && m.name.empty() && m.customer.empty() &&
         m.user.empty() && m.account.empty() && m.time.empty() &&
         m.properties.empty() && m.profile.empty() && m.explode.empty();
}

void FormatSource(const SourceConfig& source, ConfigFormatter* out) {
  out->BeginElement();
  out->Text("id", source.id);
  if (const auto* kafka = std::get_if<KafkaConfig>(&source.from)) {
    FormatKafka(*kafka, "sources." + source.id, out);
  } else {
    FormatReplay(std::get<ReplayConfig>(source.from), out);
  }
  out->Text("format", source.format);
  if (!IsEmpty(source.mapping)) FormatMapping(source.mapping, out);
  out->Time("allowed_lateness", source.intake.allowed_lateness);
  out->Time("reorder", source.intake.reorder);
  out->Time("dedup_window", source.intake.dedup_window);
  out->Number("max_record", static_cast<std::int64_t>(source.max_bytes));
  out->EndElement();
}

}  // namespace

void FormatSources(ConfigFormatter* out) {
  out->Begin("sources");
  for (const SourceConfig& source : out->config().sources) {
    FormatSource(source, out);
  }
  out->End();
}

}  // namespace premura
