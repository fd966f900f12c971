// SPDX-License-Identifier: Apache-2.0
// SeenEvent: an event that some rule may need again, in one small block of
// memory that all rules of its customer share and count.
//
// Thread: the shard's; the count is not atomic.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/symbols.h"
#include "rules/time.h"
#include "rules/value.h"
#include "signals/event.h"
#include "signals/packed_value.h"

namespace premura {

// An event taken apart. Views.
struct PackedField {
  SymbolId property = 0;
  std::string_view value;
};
struct PackedEvent {
  Timestamp time{};
  std::uint32_t arrival = 0;
  SymbolId name_id = 0;
  std::string_view name;  // Where there is no symbol.
  std::string_view id;
  std::vector<PackedField> fields;
};

class SeenEvent {
 public:
  Timestamp time() const { return time_; }
  // Tells apart, and puts in order of arrival, the events of one customer.
  std::uint32_t arrival() const { return arrival_; }
  std::string_view name(const Symbols& symbols) const;
  // Empty if it has none.
  std::string_view id() const;
  // kAbsent if it is not there.
  Value Field(SymbolId property, ValueArena* arena) const;
  // All properties, in the event's order.
  std::vector<EventField> Fields(ValueArena* arena) const;
  // Uses the memory of `*parts` again.
  void TakeApart(PackedEvent* parts) const;

 private:
  friend class SeenRef;
  SeenEvent(Timestamp time, std::uint32_t arrival, SymbolId name_id,
            std::size_t size);
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(this + 1), size_};
  }

  Timestamp time_;
  std::uint32_t refs_ = 0;
  std::uint32_t arrival_;
  SymbolId name_id_;
  std::uint32_t size_;  // Of what follows: id, name if without symbol, fields.
};

// Counts a SeenEvent; may be empty.
class SeenRef {
 public:
  SeenRef() = default;
  static SeenRef New(const Event& event, std::uint32_t arrival);
  static SeenRef New(const PackedEvent& event);
  SeenRef(const SeenRef& other) : event_(other.event_) {
    if (event_ != nullptr) ++event_->refs_;
  }
  SeenRef(SeenRef&& other) noexcept
      : event_(std::exchange(other.event_, nullptr)) {}
  SeenRef& operator=(SeenRef other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  ~SeenRef() {
    if (event_ != nullptr && --event_->refs_ == 0) Delete(event_);
  }

  explicit operator bool() const { return event_ != nullptr; }
  const SeenEvent& operator*() const { return *event_; }
  const SeenEvent* operator->() const { return event_; }
  void Prefetch() const { __builtin_prefetch(event_, 1); }

  // For who keeps the event as a bare pointer, counted as before.
  SeenEvent* Release() { return std::exchange(event_, nullptr); }
  static SeenRef Adopt(SeenEvent* event) {
    SeenRef ref;
    ref.event_ = event;
    return ref;
  }
  static SeenRef Share(SeenEvent* event) {
    ++event->refs_;
    return Adopt(event);
  }

 private:
  static SeenRef Make(Timestamp time, std::uint32_t arrival, SymbolId name_id,
                      std::string_view bytes);
  static void Delete(SeenEvent* event);
  SeenEvent* event_ = nullptr;
};

// The time stands beside the event: looking through a window need not touch
// the events in it.
struct Seen {
  Timestamp time{};
  SeenRef event;
};
// In order of time, then arrival.
using SeenEvents = std::vector<Seen>;

// REQUIRES: `event` arrived after all of `events`.
void InsertInOrder(SeenRef event, SeenEvents* events);
// Drops those at or before `time`.
void DropUpTo(Timestamp time, SeenEvents* events);

// So many cache lines, to be there when they are looked at.
inline void PrefetchLines(const void* memory, std::size_t lines) {
  constexpr std::size_t kLine = 64;
  // As numbers: there need be no object, or not all of one.
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  for (std::size_t i = 0; i < lines; ++i) {
    __builtin_prefetch(reinterpret_cast<const void*>(begin + i * kLine));
  }
}

}  // namespace premura
