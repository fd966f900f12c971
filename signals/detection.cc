// SPDX-License-Identifier: Apache-2.0

#include "signals/detection.h"

#include <openssl/sha.h>

#include <algorithm>

#include "rules/value.h"

namespace premura {

namespace {

void AppendMember(std::string_view name, std::string_view text,
                  std::string* json) {
  AppendJsonText(name, json);
  json->push_back(':');
  AppendJsonText(text, json);
}

void AppendGroup(const Detection& detection, std::string* json) {
  json->push_back('{');
  for (const auto& [path, value] : detection.group) {
    if (json->back() != '{') json->push_back(',');
    AppendJsonText(path, json);
    json->push_back(':');
    json->append(value);
  }
  json->push_back('}');
}

void AppendEvidence(const EvidenceEvent& event, std::string* json) {
  json->push_back('{');
  AppendMember("event", event.name, json);
  json->push_back(',');
  AppendMember("at", FormatInstant(event.at), json);
  json->append(",\"id\":");
  if (event.id.empty()) {
    json->append("null");
  } else {
    AppendJsonText(event.id, json);
  }
  json->push_back('}');
}

}  // namespace

std::string DetectionId(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text.append(std::to_string(part.size()));
    text.push_back(':');
    text.append(part);
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest);
  constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (int i = 0; i < 16; ++i) {
    id.push_back(kHex[digest[i] >> 4]);
    id.push_back(kHex[digest[i] & 15]);
  }
  return id;
}

std::string ToJson(const Detection& detection) {
  std::string json = "{";
  AppendMember("rule", detection.rule->id, &json);
  json.push_back(',');
  AppendMember("customer", detection.customer, &json);
  json.append(",\"group\":");
  AppendGroup(detection, &json);
  json.push_back(',');
  AppendMember("at", FormatInstant(detection.at), &json);
  json.push_back(',');
  AppendMember("id", detection.id, &json);
  json.append(",\"evidence\":[");
  for (std::size_t i = 0; i < detection.evidence.size(); ++i) {
    if (i > 0) json.push_back(',');
    AppendEvidence(detection.evidence[i], &json);
  }
  json.append("]}");
  return json;
}

void ShardOutput::Add(Cancellation cancellation) {
  cancellation.detections_before = detections.size();
  cancellations.push_back(std::move(cancellation));
}

bool Concerns(const Cancellation& cancellation,
              const std::vector<std::pair<std::string, std::string>>& group) {
  return std::all_of(cancellation.group.begin(), cancellation.group.end(),
                     [&group](const auto& entry) {
                       return std::find(group.begin(), group.end(), entry) !=
                              group.end();
                     });
}

}  // namespace premura
