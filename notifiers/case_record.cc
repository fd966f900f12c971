// SPDX-License-Identifier: Apache-2.0
#include "notifiers/case_record.h"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "notifiers/json_parts.h"
#include "notifiers/json_writer.h"

namespace premura {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string EvidenceJson(const std::vector<EvidenceEvent>& evidence) {
  std::string json = "[";
  for (const EvidenceEvent& event : evidence) {
    if (json.size() > 1) json += ',';
    json += fmt::format(R"({{"name":{},"at":"{}","id":{},"fields":{}}})",
                        JsonText(event.name), FormatInstant(event.at),
                        JsonText(event.id), JsonObjectOf(event.fields));
  }
  return json + ']';
}

// Reads one object of the record; the first thing missing or wrong is what the
// whole record is refused for.
class Reader {
 public:
  Reader(std::string_view json, Status* status) : status_(status) {
    auto members = JsonMembers(json);
    if (!members.ok()) {
      *status_ = Error{"case record: not JSON"};
      return;
    }
    for (auto& [name, value] : members.value()) {
      members_[std::move(name)] = std::move(value);
    }
  }

  void Text(const char* key, std::string* text) {
    auto read = JsonString(members_[key]);
    if (!read.ok()) return Miss(key);
    *text = std::move(read).value();
  }

  void Instant(const char* key, Timestamp* instant) {
    std::string text;
    Text(key, &text);
    const std::optional<Timestamp> parsed = ParseRfc3339(text);
    if (!parsed) return Miss(key);
    *instant = *parsed;
  }

  bool Has(const char* key) const { return members_.contains(key); }

  void Members(const char* key, Fields* fields) {
    auto read = JsonMembers(members_[key]);
    if (!read.ok()) return Miss(key);
    *fields = std::move(read).value();
  }

  void Texts(const char* key, std::vector<std::string>* texts) {
    const auto elements = JsonElements(members_[key]);
    if (!elements.ok()) return Miss(key);
    for (const std::string& element : elements.value()) {
      auto read = JsonString(element);
      if (!read.ok()) return Miss(key);
      texts->push_back(std::move(read).value());
    }
  }

  void Evidence(std::vector<EvidenceEvent>* evidence) {
    const auto events = JsonElements(members_["evidence"]);
    if (!events.ok()) return Miss("evidence");
    for (const std::string& event : events.value()) {
      EvidenceEvent& read = evidence->emplace_back();
      Reader reader(event, status_);
      reader.Text("name", &read.name);
      reader.Instant("at", &read.at);
      reader.Text("id", &read.id);
      reader.Members("fields", &read.fields);
    }
  }

 private:
  void Miss(const char* key) {
    if (!status_->ok()) return;
    *status_ = Error{fmt::format("case record: `{}` is missing or wrong", key)};
  }

  std::map<std::string, std::string> members_;  // As written.
  Status* const status_;
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

std::optional<std::string> NewestValue(const Detection& detection,
                                       const std::string& path) {
  const auto& evidence = detection.evidence;
  for (auto event = evidence.rbegin(); event != evidence.rend(); ++event) {
    for (const auto& [field, json] : event->fields) {
      if (field == path && !json.empty() && json != "null") return json;
    }
  }
  return std::nullopt;
}

Fields CauseOf(const Detection& detection) {
  Fields cause;
  for (const FieldRef& field : detection.rule->cause) {
    if (field.root != FieldRef::Root::kProperty) continue;
    const std::string& path =
        detection.rules->symbols().properties.Text(field.symbol);
    const auto value = NewestValue(detection, path);
    if (value) cause.emplace_back(path, *value);
  }
  return cause;
}

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
  record.cause = CauseOf(detection);
  record.at = detection.at;
  record.evidence = detection.evidence;
  record.shown.emplace();
  for (const FieldRef& field : rule.shown_fields) {
    record.shown->push_back(field.path);
  }
  return record;
}

std::string ToJson(const CaseRecord& record) {
  std::string json = "{";
  for (const auto& [key, member] : kTexts) {
    json += fmt::format("\"{}\":{},", key, JsonText(record.*member));
  }
  if (record.shown) {
    json += fmt::format("\"shown\":{},", JsonList(*record.shown, JsonText));
  }
  return json +
         fmt::format(R"("group":{},"cause":{},"at":"{}","evidence":{}}})",
                     JsonObjectOf(record.group), JsonObjectOf(record.cause),
                     FormatInstant(record.at), EvidenceJson(record.evidence));
}

Result<CaseRecord> ParseCaseRecord(std::string_view json) {
  CaseRecord record;
  Status status;
  Reader reader(json, &status);
  for (const auto& [key, member] : kTexts) reader.Text(key, &(record.*member));
  reader.Members("group", &record.group);
  // Ledgers that were written before have neither.
  if (reader.Has("cause")) reader.Members("cause", &record.cause);
  if (reader.Has("shown")) reader.Texts("shown", &record.shown.emplace());
  reader.Instant("at", &record.at);
  reader.Evidence(&record.evidence);
  if (!status.ok()) return status.error();
  return record;
}

}  // namespace premura
