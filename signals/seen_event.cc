// SPDX-License-Identifier: Apache-2.0

#include "signals/seen_event.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "signals/varint.h"

namespace premura {

SeenEvent::SeenEvent(Timestamp time, std::uint32_t arrival, SymbolId name_id,
                     std::size_t size)
    : time_(time),
      arrival_(arrival),
      name_id_(name_id),
      size_(static_cast<std::uint32_t>(size)) {}

std::string_view SeenEvent::id() const {
  std::string_view rest = bytes();
  return PopText(&rest);
}

std::string_view SeenEvent::name(const Symbols& symbols) const {
  if (name_id_ != 0) {
    // Decoded for rules that are still on their way, it may have a name that
    // these do not know.
    const bool known = name_id_ <= symbols.names.size();
    return known ? std::string_view(symbols.names.Text(name_id_)) : "";
  }
  std::string_view rest = bytes();
  PopText(&rest);
  return PopText(&rest);
}

Value SeenEvent::Field(SymbolId property, ValueArena* arena) const {
  std::string_view rest = bytes();
  PopText(&rest);
  if (name_id_ == 0) PopText(&rest);
  while (!rest.empty()) {
    const std::uint64_t symbol = PopVarint(&rest);
    const Value value = Unpack(&rest, arena);
    if (symbol == property) return value;
  }
  return {};
}

std::vector<EventField> SeenEvent::Fields(ValueArena* arena) const {
  std::string_view rest = bytes();
  PopText(&rest);
  if (name_id_ == 0) PopText(&rest);
  std::vector<EventField> fields;
  while (!rest.empty()) {
    const auto symbol = static_cast<SymbolId>(PopVarint(&rest));
    fields.push_back({symbol, Unpack(&rest, arena)});
  }
  return fields;
}

void SeenEvent::TakeApart(PackedEvent* parts) const {
  std::string_view rest = bytes();
  parts->time = time_;
  parts->arrival = arrival_;
  parts->name_id = name_id_;
  parts->id = PopText(&rest);
  parts->name = name_id_ == 0 ? PopText(&rest) : std::string_view();
  parts->fields.clear();
  while (!rest.empty()) {
    const auto property = static_cast<SymbolId>(PopVarint(&rest));
    parts->fields.push_back({property, *TakePacked(&rest)});
  }
}

SeenRef SeenRef::New(const PackedEvent& event) {
  std::string bytes;
  AppendText(event.id, &bytes);
  if (event.name_id == 0) AppendText(event.name, &bytes);
  for (const PackedField& field : event.fields) {
    AppendVarint(field.property, &bytes);
    bytes.append(field.value);
  }
  return Make(event.time, event.arrival, event.name_id, bytes);
}

SeenRef SeenRef::New(const Event& event, std::uint32_t arrival) {
  thread_local std::vector<char> bytes;  // Its memory is used again.
  std::size_t most = 2 * kMostVarint + event.id.size() + event.name.size();
  for (const EventField& field : event.fields) {
    most += kMostVarint + MostPacked(field.value);
  }
  if (bytes.size() < most) bytes.resize(most);
  char* end = PutText(event.id, bytes.data());
  if (event.name_id == 0) end = PutText(event.name, end);
  for (const EventField& field : event.fields) {
    if (!field.value.present()) continue;
    end = PutVarint(field.property, end);
    end = PutPacked(field.value, end);
  }
  const auto size = static_cast<std::size_t>(end - bytes.data());
  return Make(event.time, arrival, event.name_id, {bytes.data(), size});
}

SeenRef SeenRef::Make(Timestamp time, std::uint32_t arrival, SymbolId name_id,
                      std::string_view bytes) {
  void* memory = ::operator new(sizeof(SeenEvent) + bytes.size());
  SeenRef ref;
  ref.event_ = new (memory) SeenEvent(time, arrival, name_id, bytes.size());
  ref.event_->refs_ = 1;
  std::memcpy(static_cast<char*>(memory) + sizeof(SeenEvent), bytes.data(),
              bytes.size());
  return ref;
}

void SeenRef::Delete(SeenEvent* event) {
  event->~SeenEvent();
  ::operator delete(event);
}

void InsertInOrder(SeenRef event, SeenEvents* events) {
  const Timestamp time = event->time();
  if (events->empty() || events->back().time <= time) {
    events->push_back({time, std::move(event)});
    return;
  }
  const auto place = std::upper_bound(
      events->begin(), events->end(), time,
      [](Timestamp wanted, const Seen& seen) { return wanted < seen.time; });
  events->insert(place, {time, std::move(event)});
}

void DropUpTo(Timestamp time, SeenEvents* events) {
  if (events->empty() || events->front().time > time) return;
  auto end = events->begin();
  while (end != events->end() && end->time <= time) ++end;
  events->erase(events->begin(), end);
}

}  // namespace premura
