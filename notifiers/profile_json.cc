// SPDX-License-Identifier: Apache-2.0
#include "notifiers/profile_json.h"

#include "notifiers/json_parts.h"
#include "rules/value.h"

namespace premura {
std::string ProfileToJson(const Profile::Values& values) {
  std::string json = "{";
  for (const auto& [path, value] : values) {
    if (json.size() > 1) json.push_back(',');
    AppendJsonText(path, &json);
    json.push_back(':');
    json += value;
  }
  json.push_back('}');
  return json;
}

Result<Profile::Values> ProfileFromJson(std::string_view json) {
  auto members = JsonMembers(json);
  if (!members.ok()) return members.error().WithContext("not a JSON object");
  Profile::Values values;
  for (auto& [path, value] : members.value()) {
    values[std::move(path)] = std::move(value);
  }
  return values;
}

}  // namespace premura
