// SPDX-License-Identifier: Apache-2.0

#include "signals/segment_calls.h"

#include <utility>

#include "signals/event_time.h"

namespace premura {

namespace {

bool Holds(const Value& value) {
  return value.present() &&
         (value.kind() != Value::Kind::kText || !value.text().empty());
}

// Names that the libraries write, and ours.
void AddOwnNames(std::vector<ProfileChange::Entry>* entries) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"firstName", "first_name"},
      {"lastName", "last_name"},
      {"address.country", "country"}};
  const std::size_t size = entries->size();
  for (std::size_t i = 0; i < size; ++i) {
    for (const auto& [theirs, ours] : kNames) {
      if ((*entries)[i].path != theirs) continue;
      entries->push_back({std::string(ours), (*entries)[i].json});
    }
  }
}

}  // namespace

Call CallNamed(std::string_view type) {
  if (type == "identify") return Call::kIdentify;
  if (type == "group") return Call::kGroup;
  return Call::kEvent;
}

Value SegmentName(const SegmentSlots& slots, JsonReader* reader,
                  std::string* buffer) {
  const Value type = reader->Get(slots.type);
  if (type.present() && type.kind() != Value::Kind::kText) return type;
  if (!Holds(type) || type.text() == "track") return reader->Get(slots.event);
  if (type.text() != "page" && type.text() != "screen") return type;
  Value name = reader->Get(slots.name);
  if (!Holds(name)) name = reader->Get(slots.nested_name);
  if (!Holds(name)) return type;
  if (name.kind() != Value::Kind::kText && !name.is_number()) return name;
  buffer->assign(type.text()).append(":").append(name.text());
  return Value::Text(*buffer);
}

Value SegmentTime(const SegmentSlots& slots, JsonReader* reader,
                  std::string* buffer) {
  const Value timestamp = reader->Get(slots.timestamp);
  if (Holds(timestamp)) return timestamp;
  const Value written = reader->Get(slots.original_timestamp);
  const auto original = ReadEventTime(written);
  const auto sent = ReadEventTime(reader->Get(slots.sent_at));
  const auto received = ReadEventTime(reader->Get(slots.received_at));
  if (!original || !sent || !received) return written;
  *buffer = FormatInstant(*received - (*sent - *original));
  return Value::Text(*buffer);
}

std::vector<ProfileChange::Entry> SegmentProfile(
    const SegmentSlots& slots, const std::string& traits_prefix,
    JsonReader* reader) {
  std::vector<ProfileChange::Entry> entries;
  for (const auto& [slot, path] :
       {std::pair{slots.timezone, "timezone"}, {slots.locale, "locale"}}) {
    const Value value = reader->Get(slot);
    if (!Holds(value)) continue;
    std::string json;
    AppendJson(value, &json);
    entries.push_back({path, std::move(json)});
  }
  reader->AppendMembers(slots.context_traits, "", &entries);
  reader->AppendMembers(slots.traits, traits_prefix, &entries);
  AddOwnNames(&entries);
  return entries;
}

}  // namespace premura
