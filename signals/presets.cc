// SPDX-License-Identifier: Apache-2.0
// What is known of each format before anybody maps anything.

#include <algorithm>
#include <array>

#include "signals/decode_plan.h"
#include "signals/json_reader.h"

namespace premura {

namespace {

constexpr std::pair<std::string_view, Preset> kNames[] = {
    {"plain", Preset::kPlain},
    {"segment", Preset::kSegment},
    {"rudderstack", Preset::kRudderstack},
    {"cloudevents", Preset::kCloudEvents}};

// Slots of what gives a format away.
struct Marks {
  PathTrie trie;
  std::uint32_t type, message_id, user_id, anonymous_id, spec_version, source;

  std::uint32_t Add(const char* name) {
    const std::array<std::string, 1> names = {name};
    return trie.Add(names);
  }
  Marks()
      : type(Add("type")),
        message_id(Add("messageId")),
        user_id(Add("userId")),
        anonymous_id(Add("anonymousId")),
        spec_version(Add("specversion")),
        source(Add("source")) {}
};

bool IsCall(std::string_view type) {
  constexpr std::array<std::string_view, 6> kCalls = {
      "track", "page", "screen", "identify", "group", "alias"};
  return std::find(kCalls.begin(), kCalls.end(), type) != kCalls.end();
}

std::optional<Preset> Recognise(const Marks& marks, JsonReader* reader) {
  reader->Walk(marks.trie);
  const auto has = [reader](std::uint32_t slot) {
    return reader->Get(slot).present();
  };
  if (has(marks.spec_version) && has(marks.type) && has(marks.source)) {
    return Preset::kCloudEvents;
  }
  const bool somebody =
      has(marks.message_id) || has(marks.user_id) || has(marks.anonymous_id);
  if (somebody && IsCall(reader->Get(marks.type).text())) {
    return Preset::kSegment;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Preset> ParsePreset(std::string_view name) {
  for (const auto& [word, preset] : kNames) {
    if (word == name) return preset;
  }
  return std::nullopt;
}

std::string_view PresetName(Preset preset) {
  for (const auto& [word, named] : kNames) {
    if (named == preset) return word;
  }
  return "";
}

Preset RecognisePreset(std::span<const std::string> records) {
  constexpr int kMaxDepth = 64;
  JsonReader reader(kMaxDepth);
  const Marks marks;
  std::optional<Preset> preset;
  for (const std::string& record : records) {
    if (reader.Parse(record)) continue;
    reader.ForEachEvent(
        {},
        [&] {
          if (!preset) preset = Recognise(marks, &reader);
        },
        [](std::string_view) {});
    if (preset) return *preset;
  }
  return Preset::kPlain;
}

EventMapping PresetMapping(Preset preset) {
  EventMapping paths;
  switch (preset) {
    case Preset::kSegment:
    case Preset::kRudderstack:
      paths.id = {"messageId"};
      paths.name = {"event", "name", "type"};
      paths.user = {"userId", "anonymousId"};
      paths.account = {"context.groupId", "groupId", "properties.account_id"};
      paths.time = {"timestamp", "originalTimestamp"};
      paths.properties = {"properties", "traits"};
      break;
    case Preset::kCloudEvents:
      paths.id = {"id"};
      paths.name = {"type"};
      paths.user = {"subject", "data.user_id", "data.userId", "data.customer"};
      paths.account = {"accountid", "data.account_id", "data.accountId"};
      paths.time = {"time"};
      paths.properties = {"data"};
      break;
    case Preset::kPlain:
      paths.id = {"id"};
      paths.name = {"event", "type"};
      paths.user = {"customer"};
      paths.account = {"customer"};
      paths.time = {"ts", "time"};
      paths.properties = {"$"};
      break;
  }
  return paths;
}

}  // namespace premura
