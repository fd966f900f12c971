// SPDX-License-Identifier: Apache-2.0
#include "notifiers/json_parts.h"

#include <simdjson.h>

namespace premura {
namespace {

namespace ondemand = simdjson::ondemand;

std::string Trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return std::string(
      text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

std::string AsWritten(ondemand::value value) {
  const ondemand::json_type type = value.type();
  if (type == ondemand::json_type::array) {
    return Trimmed(value.get_array().value().raw_json());
  }
  if (type == ondemand::json_type::object) {
    return Trimmed(value.get_object().value().raw_json());
  }
  return Trimmed(value.raw_json_token());
}

// simdjson throws here, and only here.
template <typename Read>
auto Guarded(std::string_view json, const Read& read)
    -> Result<decltype(read(std::declval<ondemand::document&>()))> {
  try {
    ondemand::parser parser;
    const simdjson::padded_string padded(json);
    ondemand::document document = parser.iterate(padded);
    return read(document);
  } catch (const simdjson::simdjson_error& error) {
    return Error{error.what()};
  }
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> JsonMembers(
    std::string_view json) {
  return Guarded(json, [](ondemand::document& document) {
    std::vector<std::pair<std::string, std::string>> members;
    for (auto field : document.get_object()) {
      std::string name(std::string_view(field.unescaped_key()));
      members.emplace_back(std::move(name), AsWritten(field.value()));
    }
    return members;
  });
}

Result<std::vector<std::string>> JsonElements(std::string_view json) {
  return Guarded(json, [](ondemand::document& document) {
    std::vector<std::string> elements;
    for (auto element : document.get_array()) {
      elements.push_back(AsWritten(element.value()));
    }
    return elements;
  });
}

Result<std::string> JsonString(std::string_view json) {
  return Guarded(json, [](ondemand::document& document) {
    return std::string(std::string_view(document.get_string()));
  });
}

}  // namespace premura
