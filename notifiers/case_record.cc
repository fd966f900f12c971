// SPDX-License-Identifier: Apache-2.0
#include "notifiers/case_record.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "rules/value.h"

namespace premura {
namespace {

using simdjson::dom::element;
using Fields = std::vector<std::pair<std::string, std::string>>;

std::string Quoted(std::string_view text) {
  std::string json;
  AppendJsonText(text, &json);
  return json;
}

// The values are JSON already.
std::string FieldsJson(const Fields& fields) {
  std::string json = "{";
  for (const auto& [path, value] : fields) {
    if (json.size() > 1) json += ',';
    json += Quoted(path) + ':' + (value.empty() ? "null" : value);
  }
  return json + '}';
}

std::string EvidenceJson(const std::vector<EvidenceEvent>& evidence) {
  std::string json = "[";
  for (const EvidenceEvent& event : evidence) {
    if (json.size() > 1) json += ',';
    json += fmt::format(R"({{"name":{},"at":"{}","id":{},"fields":{}}})",
                        Quoted(event.name), FormatInstant(event.at),
                        Quoted(event.id), FieldsJson(event.fields));
  }
  return json + ']';
}

class Reader {
 public:
  void Text(const element& object, const char* key, std::string* text) {
    std::string_view view;
    if (object[key].get(view) != simdjson::SUCCESS) return Miss(key);
    *text = view;
  }

  void Instant(const element& object, const char* key, Timestamp* instant) {
    std::string text;
    Text(object, key, &text);
    const std::optional<Timestamp> parsed = ParseRfc3339(text);
    if (!parsed) return Miss(key);
    *instant = *parsed;
  }

  void Members(const element& object, const char* key, Fields* fields) {
    simdjson::dom::object members;
    if (object[key].get(members) != simdjson::SUCCESS) return Miss(key);
    for (const auto& [path, value] : members) {
      fields->emplace_back(path, simdjson::minify(value));
    }
  }

  void Evidence(const element& object, std::vector<EvidenceEvent>* evidence) {
    simdjson::dom::array events;
    if (object["evidence"].get(events) != simdjson::SUCCESS) {
      return Miss("evidence");
    }
    for (const element event : events) {
      EvidenceEvent& read = evidence->emplace_back();
      Text(event, "name", &read.name);
      Instant(event, "at", &read.at);
      Text(event, "id", &read.id);
      Members(event, "fields", &read.fields);
    }
  }

  Status status() const { return status_; }

 private:
  void Miss(const char* key) {
    if (status_.ok()) {
      status_ =
          Error{fmt::format("case record: `{}` is missing or wrong", key)};
    }
  }
  Status status_;
};

constexpr std::pair<const char*, std::string CaseRecord::*> kTexts[] = {
    {"detection", &CaseRecord::detection_id},
    {"rule", &CaseRecord::rule_id},
    {"revision", &CaseRecord::revision},
    {"hash", &CaseRecord::rule_hash},
    {"title", &CaseRecord::title},
    {"description", &CaseRecord::description},
    {"level", &CaseRecord::level},
    {"phase", &CaseRecord::phase},
    {"owner", &CaseRecord::owner},
    {"article", &CaseRecord::article},
    {"customer", &CaseRecord::customer},
};

}  // namespace

CaseRecord MakeCaseRecord(const Detection& detection) {
  const Rule& rule = *detection.rule;
  CaseRecord record;
  record.detection_id = detection.id;
  record.rule_id = rule.id;
  record.revision = rule.revision;
  record.rule_hash = rule.hash;
  record.title = rule.title;
  record.description = rule.description;
  record.level = ToString(rule.level);
  record.phase = rule.phase;
  record.owner = rule.owner;
  record.article = rule.article;
  record.customer = detection.customer;
  record.group = detection.group;
  record.at = detection.at;
  record.evidence = detection.evidence;
  return record;
}

std::string ToJson(const CaseRecord& record) {
  std::string json = "{";
  for (const auto& [key, member] : kTexts) {
    json += fmt::format("\"{}\":{},", key, Quoted(record.*member));
  }
  return json + fmt::format(R"("group":{},"at":"{}","evidence":{}}})",
                            FieldsJson(record.group), FormatInstant(record.at),
                            EvidenceJson(record.evidence));
}

Result<CaseRecord> ParseCaseRecord(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return Error{"case record: not JSON"};
  }
  CaseRecord record;
  Reader reader;
  for (const auto& [key, member] : kTexts) {
    reader.Text(root, key, &(record.*member));
  }
  reader.Members(root, "group", &record.group);
  reader.Instant(root, "at", &record.at);
  reader.Evidence(root, &record.evidence);
  if (!reader.status().ok()) return reader.status().error();
  return record;
}

}  // namespace premura
