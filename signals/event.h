// SPDX-License-Identifier: Apache-2.0
// Event: one thing that one customer did, decoded. A view: its texts and
// values belong to the decoder (during a callback) or to an EventBatch.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/symbols.h"
#include "rules/time.h"
#include "rules/value.h"

namespace premura {

// Longer names of customers are not taken, from wherever.
inline constexpr std::size_t kMaxCustomerBytes = 256;

// One property that some rule or template asks for.
struct EventField {
  SymbolId property = 0;  // Of Symbols::properties.
  Value value;
};

struct Event {
  std::string_view name;
  SymbolId name_id = 0;  // Of Symbols::names; 0: no rule mentions it.
  std::string_view id;   // Empty: has none.
  std::string_view customer;
  Timestamp time{};
  // The watermark once this event has been counted: timers due by then fire
  // before the event. Set by Intake.
  Timestamp clock{};
  std::span<const EventField> fields;  // Only those present, null included.
  // Where it came from, for Engine::Forget(). Intake sets the record's
  // partition; the pipeline makes it unique over sources.
  std::uint32_t origin = 0;

  // kAbsent if it is not there.
  Value Field(SymbolId property) const {
    for (const EventField& field : fields) {
      if (field.property == property) return field.value;
    }
    return {};
  }
};

// What an identify or group event, or a line of a profile file, says of a
// customer: path below the profile ("tier", "consent.email") and JSON value.
// A null takes the value away.
struct ProfileChange {
  std::string customer;
  // When it was said; unset (the least) if that is not known, or not believed.
  Timestamp time = Timestamp::min();
  struct Entry {
    std::string path;
    std::string json;
  };
  std::vector<Entry> entries;
  std::uint32_t origin = 0;  // As of an Event.
};

// Owns the bytes of what a shard is about to take, in order of arrival.
// Thread: built by one, then handed on whole.
class EventBatch {
 public:
  struct Item {
    enum class What : std::uint8_t { kEvent, kProfile, kClock };
    What what = What::kEvent;
    std::uint32_t index = 0;  // Into events, or profiles.
    Timestamp clock{};        // Of kClock.
  };

  EventBatch();
  EventBatch(EventBatch&&) noexcept;
  EventBatch& operator=(EventBatch&&) noexcept;
  ~EventBatch();

  // Copies the event with all it points to.
  void Add(const Event& event);
  void Add(ProfileChange change);
  // It is now `clock`, and nothing else has happened.
  void AddClock(Timestamp clock);

  // What every event and clock says of time, in order, becomes what `of` says
  // of it.
  template <typename Of>
  void SetClocks(const Of& of) {
    for (Item& item : items_) {
      if (item.what == Item::What::kProfile) continue;
      Timestamp& clock = item.what == Item::What::kEvent
                             ? events_[item.index].clock
                             : item.clock;
      clock = of(clock);
    }
  }

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  std::size_t bytes() const;
  const std::vector<Item>& items() const { return items_; }
  const Event& event(std::uint32_t index) const { return events_[index]; }
  const ProfileChange& profile(std::uint32_t index) const {
    return profiles_[index];
  }
  // Keeps the memory for the next use.
  void Clear();

 private:
  class Arena;
  std::vector<Item> items_;
  std::vector<Event> events_;
  std::vector<ProfileChange> profiles_;
  std::size_t profile_bytes_ = 0;  // Of their entries.
  std::unique_ptr<Arena> arena_;
};

}  // namespace premura
