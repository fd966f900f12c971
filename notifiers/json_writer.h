// SPDX-License-Identifier: Apache-2.0
// JSON written piece by piece.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/time.h"
#include "rules/value.h"

namespace premura {

// `text` as a JSON string.
inline std::string JsonText(std::string_view text) {
  std::string json;
  AppendJsonText(text, &json);
  return json;
}

// Members of a JSON object, one after the other.
class Members {
 public:
  explicit Members(std::string* json) : json_(json) { json_->push_back('{'); }
  void Raw(std::string_view name, std::string_view value) {
    if (!first_) json_->push_back(',');
    first_ = false;
    AppendJsonText(name, json_);
    json_->push_back(':');
    json_->append(value);
  }
  void Text(std::string_view name, std::string_view value) {
    Raw(name, "");
    AppendJsonText(value, json_);
  }
  template <typename Integer>
  void Number(std::string_view name, Integer value) {
    Raw(name, std::to_string(value));
  }
  void Flag(std::string_view name, bool value) {
    Raw(name, value ? "true" : "false");
  }
  void Time(std::string_view name, const std::optional<Timestamp>& at) {
    if (at) Text(name, FormatInstant(*at));
  }
  void Close() { json_->push_back('}'); }

 private:
  std::string* json_;
  bool first_ = true;
};

// A whole object: `write` adds its members.
template <typename Write>
std::string JsonObject(const Write& write) {
  std::string json;
  Members members(&json);
  write(members);
  members.Close();
  return json;
}

// An object of values that are JSON already; an empty one is null.
inline std::string JsonObjectOf(
    const std::vector<std::pair<std::string, std::string>>& values) {
  return JsonObject([&values](Members& members) {
    for (const auto& [name, json] : values) {
      members.Raw(name, json.empty() ? "null" : std::string_view(json));
    }
  });
}

template <typename T, typename F>
std::string JsonList(const std::vector<T>& elements, F to_json) {
  std::string json = "[";
  for (const T& element : elements) {
    if (json.size() > 1) json.push_back(',');
    json += to_json(element);
  }
  return json + "]";
}

}  // namespace premura
