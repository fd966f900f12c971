// SPDX-License-Identifier: Apache-2.0
#include "notifiers/profile_json.h"

#include <simdjson.h>

#include "rules/value.h"

namespace premura {
namespace {

std::string_view Trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// The value's own bytes.
std::string_view RawText(simdjson::ondemand::value value) {
  const simdjson::ondemand::json_type type = value.type();
  if (type == simdjson::ondemand::json_type::array) {
    return value.get_array().value().raw_json();
  }
  if (type == simdjson::ondemand::json_type::object) {
    return value.get_object().value().raw_json();
  }
  return value.raw_json_token();
}

}  // namespace

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
  try {
    Profile::Values values;
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(json);
    simdjson::ondemand::document document = parser.iterate(padded);
    for (auto field : document.get_object()) {
      std::string path(std::string_view(field.unescaped_key()));
      values[std::move(path)] = Trimmed(RawText(field.value()));
    }
    return values;
  } catch (const simdjson::simdjson_error& error) {
    return Error{std::string("not a JSON object: ") + error.what()};
  }
}

}  // namespace premura
