// SPDX-License-Identifier: Apache-2.0
// What is written down of plain data: a type that has
//   static auto Fields(auto& own) { return std::tie(own.a, own.b); }
// is written field by field, and read in the same order.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "signals/instants.h"
#include "signals/record_reader.h"
#include "signals/record_writer.h"
#include "signals/seen_event.h"

namespace premura {

template <typename T>
concept HasFields = requires(T& own) {
  T::Fields(own);
};

// --- Single values ----------------------------------------------------------

inline void Write(bool flag, RecordWriter* to) { to->Flag(flag); }
inline void Read(RecordReader* from, bool* flag) { *flag = from->Flag(); }

inline void Write(std::uint32_t number, RecordWriter* to) {
  to->Number(number);
}
inline void Read(RecordReader* from, std::uint32_t* number) {
  *number = from->Small();
}

inline void Write(double number, RecordWriter* to) { to->Real(number); }
inline void Read(RecordReader* from, double* number) { *number = from->Real(); }

inline void Write(Timestamp time, RecordWriter* to) { to->Time(time); }
inline void Read(RecordReader* from, Timestamp* time) { *time = from->Time(); }

inline void Write(const std::string& text, RecordWriter* to) { to->Text(text); }
inline void Read(RecordReader* from, std::string* text) {
  *text = from->Text();
}

inline void Write(const SeenRef& event, RecordWriter* to) { to->Event(event); }
inline void Read(RecordReader* from, SeenRef* event) { *event = from->Event(); }

inline void Write(const Seen& seen, RecordWriter* to) { to->Event(seen.event); }
inline void Read(RecordReader* from, Seen* seen) {
  seen->event = from->Event();
  seen->time = seen->event ? seen->event->time() : Timestamp{};
}

// --- Of several -------------------------------------------------------------

template <HasFields T>
void Write(const T& own, RecordWriter* to) {
  std::apply([to](const auto&... field) { (Write(field, to), ...); },
             T::Fields(own));
}
template <HasFields T>
void Read(RecordReader* from, T* own) {
  std::apply([from](auto&... field) { (Read(from, &field), ...); },
             T::Fields(*own));
}

template <typename T>
void Write(const std::optional<T>& value, RecordWriter* to) {
  to->Flag(value.has_value());
  if (value) Write(*value, to);
}
template <typename T>
void Read(RecordReader* from, std::optional<T>* value) {
  if (from->Flag()) Read(from, &value->emplace());
}

template <typename T>
void Write(const std::vector<T>& all, RecordWriter* to) {
  to->Number(all.size());
  for (const T& one : all) Write(one, to);
}
template <typename T>
void Read(RecordReader* from, std::vector<T>* all) {
  for (std::size_t count = from->Count(); count > 0 && from->ok(); --count) {
    Read(from, &all->emplace_back());
  }
}

template <typename T>
void Write(const std::unordered_map<std::string, T>& all, RecordWriter* to) {
  to->Number(all.size());
  for (const auto& [key, value] : all) {
    to->Text(key);
    Write(value, to);
  }
}
template <typename T>
void Read(RecordReader* from, std::unordered_map<std::string, T>* all) {
  for (std::size_t count = from->Count(); count > 0 && from->ok(); --count) {
    Read(from, &(*all)[std::string(from->Text())]);
  }
}

// Whether there is an event in each, and they are in order of time, as windows
// are. `seen_of` answers an item's Seen.
template <typename T, typename SeenOf>
bool AreInOrder(const std::vector<T>& items, const SeenOf& seen_of) {
  Timestamp before = kUnseen;
  for (const T& item : items) {
    const Seen& seen = seen_of(item);
    if (!seen.event || seen.time < before) return false;
    before = seen.time;
  }
  return true;
}
inline bool AreInOrder(const SeenEvents& events) {
  return AreInOrder(events,
                    [](const Seen& seen) -> const Seen& { return seen; });
}

}  // namespace premura
