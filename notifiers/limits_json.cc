// SPDX-License-Identifier: Apache-2.0
#include "notifiers/limits_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "rules/value.h"

namespace premura {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

std::string SpansToJson(const QuietHours& hours) {
  std::string json = "[";
  for (const auto& span : hours.spans) {
    if (json.size() > 1) json.push_back(',');
    json += fmt::format("[{},{}]", span.from_minute, span.to_minute);
  }
  return json + "]";
}

int IntAt(array list, std::size_t index) {
  return static_cast<int>(std::int64_t(list.at(index)));
}

QuietHours ReadHours(element value) {
  QuietHours hours;
  hours.quiet_days = static_cast<unsigned>(std::int64_t(value["days"]));
  for (const element span : array(value["spans"])) {
    hours.spans.push_back({IntAt(span, 0), IntAt(span, 1)});
  }
  return hours;
}

}  // namespace

std::string LimitsToJson(const FrequencyCaps& caps,
                         const QuietHoursByChannel& quiet_hours) {
  if (caps.empty() && quiet_hours.empty()) return "";
  std::string json = "{\"caps\":{";
  const char* comma = "";
  for (const auto& [channel, cap] : caps) {
    json += comma;
    AppendJsonText(channel, &json);
    json += fmt::format(":[{},{}]", cap.count, cap.window.count());
    comma = ",";
  }
  json += "},\"quiet_hours\":{";
  comma = "";
  for (const auto& [channel, hours] : quiet_hours) {
    json += comma;
    AppendJsonText(channel, &json);
    json += fmt::format(":{{\"days\":{},\"spans\":{}}}", hours.quiet_days,
                        SpansToJson(hours));
    comma = ",";
  }
  return json + "}}";
}

Status LimitsFromJson(std::string_view json, FrequencyCaps* caps,
                      QuietHoursByChannel* quiet_hours) {
  if (json.empty()) return {};
  try {
    simdjson::dom::parser parser;
    const element root = parser.parse(simdjson::padded_string(json));
    for (const auto field : simdjson::dom::object(root["caps"])) {
      (*caps)[std::string(field.key)] =
          FrequencyCap{IntAt(field.value, 0),
                       Duration(std::int64_t(array(field.value).at(1)))};
    }
    for (const auto field : simdjson::dom::object(root["quiet_hours"])) {
      (*quiet_hours)[std::string(field.key)] = ReadHours(field.value);
    }
    return {};
  } catch (const simdjson::simdjson_error& error) {
    return Error{std::string("limits of a delivery: ") + error.what()};
  }
}

}  // namespace premura
