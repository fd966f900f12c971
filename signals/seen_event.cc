// SPDX-License-Identifier: Apache-2.0

#include "signals/seen_event.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>

namespace premura {

namespace {

void AppendVarint(std::uint64_t number, std::string* bytes) {
  while (number >= 0x80) {
    bytes->push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  bytes->push_back(static_cast<char>(number));
}

std::uint64_t TakeVarint(std::string_view* bytes) {
  std::uint64_t number = 0;
  std::size_t i = 0;
  for (int shift = 0;; shift += 7, ++i) {
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  bytes->remove_prefix(i + 1);
  return number;
}

void AppendText(std::string_view text, std::string* bytes) {
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

std::string_view TakeText(std::string_view* bytes) {
  const std::size_t size = TakeVarint(bytes);
  const std::string_view text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return text;
}

template <typename Number>
void AppendRaw(Number number, std::string* bytes) {
  char raw[sizeof number];
  std::memcpy(raw, &number, sizeof number);
  bytes->append(raw, sizeof number);
}

template <typename Number>
Number TakeRaw(std::string_view* bytes) {
  Number number;
  std::memcpy(&number, bytes->data(), sizeof number);
  bytes->remove_prefix(sizeof number);
  return number;
}

// A whole number is nearly always spelled as we would: its spelling is enough.
bool SpellsItself(const Value& value) {
  const std::string_view text = value.text();
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number == value.integer();
}

constexpr char kOddlySpelled = 'I';

char TagOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      return 'n';
    case Value::Kind::kBoolean:
      return value.boolean() ? 'T' : 'F';
    case Value::Kind::kInteger:
      return SpellsItself(value) ? 'i' : kOddlySpelled;
    case Value::Kind::kReal:
      return 'r';
    case Value::Kind::kText:
      return 't';
    case Value::Kind::kList:
      return 'l';
    case Value::Kind::kObject:
      return 'o';
  }
  return 'n';
}

Value UnpackList(std::string_view* bytes, ValueArena* arena) {
  std::vector<Value> elements(TakeVarint(bytes));
  for (Value& element : elements) element = Unpack(bytes, arena);
  return Value::List(arena->Keep(std::move(elements)));
}

Value UnpackInteger(std::string_view spelling) {
  std::int64_t number = 0;
  std::from_chars(spelling.data(), spelling.data() + spelling.size(), number);
  return Value::Integer(number, spelling);
}

}  // namespace

void AppendPacked(const Value& value, std::string* bytes) {
  const char tag = TagOf(value);
  bytes->push_back(tag);
  switch (tag) {
    case kOddlySpelled:
      AppendRaw(value.integer(), bytes);
      break;
    case 'r':
      AppendRaw(value.number(), bytes);
      break;
    case 'l':
      AppendVarint(value.elements().size(), bytes);
      for (const Value& element : value.elements()) {
        AppendPacked(element, bytes);
      }
      return;
    case 'n':
    case 'T':
    case 'F':
      return;
    default:
      break;
  }
  AppendText(value.text(), bytes);
}

std::span<const Value> ValueArena::Keep(std::vector<Value> elements) {
  lists_.push_back(std::move(elements));
  return lists_.back();
}

Value Unpack(std::string_view* bytes, ValueArena* arena) {
  const char tag = bytes->front();
  bytes->remove_prefix(1);
  switch (tag) {
    case 'T':
    case 'F':
      return Value::Boolean(tag == 'T');
    case 'i':
      return UnpackInteger(TakeText(bytes));
    case kOddlySpelled: {
      const auto number = TakeRaw<std::int64_t>(bytes);
      return Value::Integer(number, TakeText(bytes));
    }
    case 'r': {
      const auto number = TakeRaw<double>(bytes);
      return Value::Real(number, TakeText(bytes));
    }
    case 't':
      return Value::Text(TakeText(bytes));
    case 'o':
      return Value::Object(TakeText(bytes));
    case 'l':
      return UnpackList(bytes, arena);
    default:
      return Value::Null();
  }
}

SeenEvent::SeenEvent(const Event& event, std::uint32_t arrival,
                     std::size_t size)
    : time_(event.time),
      arrival_(arrival),
      name_id_(event.name_id),
      size_(static_cast<std::uint32_t>(size)) {}

std::string_view SeenEvent::id() const {
  std::string_view rest = bytes();
  return TakeText(&rest);
}

std::string_view SeenEvent::name(const Symbols& symbols) const {
  if (name_id_ != 0) {
    // Decoded for rules that are still on their way, it may have a name that
    // these do not know.
    const bool known = name_id_ <= symbols.names.size();
    return known ? std::string_view(symbols.names.Text(name_id_)) : "";
  }
  std::string_view rest = bytes();
  TakeText(&rest);
  return TakeText(&rest);
}

Value SeenEvent::Field(SymbolId property, ValueArena* arena) const {
  std::string_view rest = bytes();
  TakeText(&rest);
  if (name_id_ == 0) TakeText(&rest);
  while (!rest.empty()) {
    const std::uint64_t symbol = TakeVarint(&rest);
    const Value value = Unpack(&rest, arena);
    if (symbol == property) return value;
  }
  return {};
}

std::vector<EventField> SeenEvent::Fields(ValueArena* arena) const {
  std::string_view rest = bytes();
  TakeText(&rest);
  if (name_id_ == 0) TakeText(&rest);
  std::vector<EventField> fields;
  while (!rest.empty()) {
    const auto symbol = static_cast<SymbolId>(TakeVarint(&rest));
    fields.push_back({symbol, Unpack(&rest, arena)});
  }
  return fields;
}

SeenRef SeenRef::New(const Event& event, std::uint32_t arrival) {
  thread_local std::string bytes;  // Its memory is used again.
  bytes.clear();
  AppendText(event.id, &bytes);
  if (event.name_id == 0) AppendText(event.name, &bytes);
  for (const EventField& field : event.fields) {
    if (!field.value.present()) continue;
    AppendVarint(field.property, &bytes);
    AppendPacked(field.value, &bytes);
  }
  void* memory = ::operator new(sizeof(SeenEvent) + bytes.size());
  SeenRef ref;
  ref.event_ = new (memory) SeenEvent(event, arrival, bytes.size());
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
