// SPDX-License-Identifier: Apache-2.0
#include "notifiers/profile_json.h"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include "notifiers/json_parts.h"
#include "rules/value.h"

namespace premura {
namespace {

void AppendMember(const std::string& path, const std::string& value,
                  std::string* json) {
  json->push_back(json->empty() ? '{' : ',');
  AppendJsonText(path, json);
  json->push_back(':');
  *json += value;
}

Status ReadTimes(std::string_view json, SaidByEvents* said) {
  auto members = JsonMembers(json);
  if (!members.ok()) return members.error().WithContext("said_at");
  for (const auto& [path, spelled] : members.value()) {
    const auto found = said->find(path);
    if (found == said->end()) continue;
    std::int64_t at = 0;
    const char* const end = spelled.data() + spelled.size();
    const auto [rest, error] = std::from_chars(spelled.data(), end, at);
    if (error != std::errc() || rest != end) {
      return Error{"said_at: " + spelled + " is no time"};
    }
    found->second.at = Timestamp(Duration(at));
  }
  return {};
}

}  // namespace

ProfileJson ToJson(const SaidByEvents& said) {
  ProfileJson json;
  for (const auto& [path, value] : said) {
    AppendMember(path, value.json, &json.facts);
    if (value.at == Timestamp::min()) continue;
    AppendMember(path, std::to_string(value.at.time_since_epoch().count()),
                 &json.said_at);
  }
  json.facts += json.facts.empty() ? "{}" : "}";
  json.said_at += json.said_at.empty() ? "{}" : "}";
  return json;
}

Result<SaidByEvents> SaidFromJson(const ProfileJsonView& json) {
  auto members = JsonMembers(json.facts);
  if (!members.ok()) return members.error().WithContext("not a JSON object");
  SaidByEvents said;
  for (auto& [path, value] : members.value()) {
    said[std::move(path)].json = std::move(value);
  }
  if (auto read = ReadTimes(json.said_at, &said); !read.ok()) {
    return read.error();
  }
  return said;
}

}  // namespace premura
