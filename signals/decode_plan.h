// SPDX-License-Identifier: Apache-2.0
// DecodePlan: a preset, the mapping over it and the wanted properties, compiled
// into one PathTrie. Made anew for each set of rules; reads nothing itself.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/result.h"
#include "rules/symbols.h"
#include "signals/event_decoder.h"
#include "signals/path_trie.h"

namespace premura {

// The paths of a preset, before any mapping.
EventMapping PresetMapping(Preset preset);

// Where events name their customer: the first path that holds one.
std::vector<std::string> CustomerPaths(const DecoderOptions& options);

// Where events have what each must have, by its key in a mapping: `customer`,
// `event`, `time`.
std::vector<std::pair<std::string, std::vector<std::string>>> RequiredPaths(
    const DecoderOptions& options);

// Where one path of a mapping looks.
struct PathSource {
  enum class From : std::uint8_t { kJson, kHeader, kKey, kBrokerTime };
  From from = From::kJson;
  std::uint32_t slot = PathTrie::kNoSlot;  // Of kJson.
  std::string header;                      // Of kHeader.
};
using PathSources = std::vector<PathSource>;

// What the calls of Segment's and RudderStack's libraries have beside paths.
struct SegmentSlots {
  explicit SegmentSlots(PathTrie* trie);
  std::uint32_t type, event, name, nested_name, group_id;
  std::uint32_t timestamp, original_timestamp, sent_at, received_at;
  std::uint32_t traits, context_traits, timezone, locale;
};

struct DecodePlan {
  PathTrie trie;
  std::optional<SegmentSlots> segment;  // If that is the preset.
  PathSources id, name, customer, time;
  PathSources cloud_source;  // Of a CloudEvent.
  // Why an event without one is refused: "no customer at userId, anonymousId".
  std::string no_name, no_customer, no_time;

  // Properties to be found at a slot; where several slots hold one property
  // the lowest rank counts.
  struct Use {
    SymbolId property = 0;
    std::uint8_t rank = 0;
  };
  std::vector<std::vector<Use>> uses;  // By slot.
  // By slot: no property once it has been taken as the event's own.
  std::vector<bool> own;

  std::vector<std::pair<std::string, PathSources>> profile;
};

// `binary`: the value is a CloudEvent's data, its attributes are headers.
// Fails if a path of the mapping is not one. `symbols` may be nullptr.
Result<DecodePlan> MakeDecodePlan(const DecoderOptions& options, bool binary,
                                  const Symbols* symbols);

// One path as the plan reads it, added to its trie.
Result<PathSource> AddPath(const std::string& path, bool binary,
                           PathTrie* trie);

}  // namespace premura
