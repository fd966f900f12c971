// SPDX-License-Identifier: Apache-2.0
// Message <-> JSON: what the ledger keeps, so that a repeat sends the same.
#include <fmt/format.h>
#include <simdjson.h>

#include "notifiers/channel.h"
#include "rules/value.h"

namespace premura {
namespace {

using simdjson::dom::element;

constexpr std::pair<const char*, std::string Message::*> kTexts[] = {
    {"key", &Message::key},
    {"detection", &Message::detection_id},
    {"rule", &Message::rule_id},
    {"customer", &Message::customer},
    {"to", &Message::to},
    {"to_name", &Message::to_name},
    {"locale", &Message::locale},
    {"category", &Message::category},
    {"subject", &Message::subject},
    {"text", &Message::text},
    {"html", &Message::html},
    {"queue", &Message::queue},
    {"priority", &Message::priority},
    {"case", &Message::case_json},
};

constexpr std::pair<const char*, std::string TicketReference::*>
    kTicketTexts[] = {
        {"desk", &TicketReference::desk},
        {"id", &TicketReference::id},
        {"subject_tag", &TicketReference::subject_tag},
        {"message_id", &TicketReference::message_id},
};

template <typename Object, typename Table>
void AppendTexts(const Object& object, const Table& table, std::string* json) {
  for (const auto& [key, member] : table) {
    *json += fmt::format("\"{}\":", key);
    AppendJsonText(object.*member, json);
    *json += ',';
  }
}

template <typename Object, typename Table>
Status ReadTexts(const element& json, const Table& table, Object* object) {
  for (const auto& [key, member] : table) {
    std::string_view text;
    if (json[key].get(text) != simdjson::SUCCESS) {
      return Error{fmt::format("message: `{}` is missing or wrong", key)};
    }
    object->*member = text;
  }
  return {};
}

}  // namespace

std::string ToJson(const Message& message) {
  std::string json = "{";
  AppendTexts(message, kTexts, &json);
  if (message.ticket) {
    json += "\"ticket\":{";
    AppendTexts(*message.ticket, kTicketTexts, &json);
    json.back() = '}';
    json += ',';
  }
  return json + fmt::format(R"("first_attempt":"{}"}})",
                            FormatInstant(message.first_attempt));
}

Result<Message> ParseMessage(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return Error{"message: not JSON"};
  }
  Message message;
  if (Status status = ReadTexts(root, kTexts, &message); !status.ok()) {
    return status.error();
  }
  if (element ticket; root["ticket"].get(ticket) == simdjson::SUCCESS) {
    Status status = ReadTexts(ticket, kTicketTexts, &message.ticket.emplace());
    if (!status.ok()) return status.error();
  }
  std::string_view instant;
  const bool has = root["first_attempt"].get(instant) == simdjson::SUCCESS;
  const std::optional<Timestamp> first =
      has ? ParseRfc3339(instant) : std::nullopt;
  if (!first) return Error{"message: `first_attempt` is missing or wrong"};
  message.first_attempt = *first;
  return message;
}

}  // namespace premura
