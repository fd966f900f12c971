// SPDX-License-Identifier: Apache-2.0
// EventDecoder: a record's bytes to events, or the reason why not. Formats:
// Segment and RudderStack, CloudEvents 1.0 (structured and binary), plain JSON;
// each with a mapping of paths over its preset.
//
// Thread: one at a time; a decoder keeps buffers between calls.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/symbols.h"
#include "signals/event.h"

namespace premura {

// A closed set: metric label, dead letter's word.
enum class Refusal : std::uint8_t {
  kBrokenJson,
  kInvalidUtf8,
  kTooLarge,
  kTooDeep,
  kWrongType,  // Not an object, or a field of an impossible type.
  kNoCustomer,
  kNoName,
  kNoTime,
  kAbsurdTime,        // Not a time, before 1990, or beyond year 2200.
  kControlCharacter,  // NUL in a customer, name or id.
  kFutureTime,        // Too far ahead of the wall clock, in a live run.
  kLongCustomer,      // Beyond kMaxCustomerBytes.
};
inline constexpr int kRefusals = 12;
const char* ToString(Refusal refusal);  // "broken_json"

struct Header {
  std::string_view name;
  std::string_view value;
};

// As a source hands it over; views live during the call. A record without a
// value (a tombstone) has value.data() == nullptr and is refused.
struct Record {
  std::string_view value{};
  std::string_view key{};
  std::span<const Header> headers{};
  std::optional<Timestamp> broker_time{};
  std::uint32_t partition = 0;  // The source's number for topic + partition.
  std::int64_t position = 0;    // Offset, or line number counted from 1.
  Duration time_shift{};        // Moves the events' times: a file replayed.
};

enum class Preset : std::uint8_t {
  kSegment,
  kRudderstack,
  kCloudEvents,
  kPlain
};

// Paths are tried in order, the first that holds something wins. Empty: the
// preset's own. "header:x", "key" and "broker_time" name the record's parts
// (a field of the event that is called so is "$.key").
struct EventMapping {
  std::vector<std::string> id;
  std::vector<std::string> name;
  std::vector<std::string> customer;  // Over `account`/`user` below.
  std::vector<std::string> user;
  std::vector<std::string> account;
  std::vector<std::string> time;
  // Objects whose members are properties; "$" is the event itself.
  std::vector<std::string> properties;
  // Profile path ("phone", "email") to event paths, taken on identify/group.
  std::vector<std::pair<std::string, std::vector<std::string>>> profile;
  // Path of an array whose elements are the events of the record.
  std::string explode;
};

struct DecoderOptions {
  Preset preset = Preset::kPlain;
  EventMapping mapping{};
  bool customer_is_user = false;  // Else the account.
  bool profiles_from_events = true;
  std::size_t max_bytes = 1 << 20;  // Of a record.
  int max_depth = 64;
};

class DecodeSink {
 public:
  virtual ~DecodeSink() = default;
  // `event.clock` is not set yet. Views live during the call.
  virtual void OnEvent(const Event& event) = 0;
  virtual void OnProfile(ProfileChange change, Timestamp time) = 0;
  virtual void OnRefused(Refusal reason, std::string_view detail) = 0;
};

class EventDecoder {
 public:
  virtual ~EventDecoder() = default;
  // Every event of the record goes to exactly one call of `sink`. A JSON array
  // at the top is several events.
  virtual void Decode(const Record& record, DecodeSink* sink) = 0;
  // From now on these symbols say which names and properties are kept.
  // `symbols` must live until the next call or the end.
  virtual void Use(const Symbols* symbols) = 0;
};

// Fails if a path of the mapping is not one.
Result<std::unique_ptr<EventDecoder>> NewEventDecoder(DecoderOptions options);

// The preset that the first records of a file look like; kPlain if none.
Preset RecognisePreset(std::span<const std::string> records);
std::optional<Preset> ParsePreset(std::string_view name);
std::string_view PresetName(Preset preset);  // "plain"

}  // namespace premura
