// SPDX-License-Identifier: Apache-2.0

#include "signals/arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <span>

namespace premura {

namespace {

constexpr std::size_t kAlign = alignof(std::max_align_t);
constexpr std::size_t kLargestBlock = std::size_t{1} << 20;

std::size_t RoundUp(std::size_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

void* Arena::Allocate(std::size_t bytes) {
  bytes = RoundUp(bytes);
  if (blocks_.empty() || blocks_[current_].size - used_ < bytes) {
    NextBlock(bytes);
  }
  void* memory = blocks_[current_].data.get() + used_;
  used_ += bytes;
  bytes_ += bytes;
  return memory;
}

void Arena::NextBlock(std::size_t bytes) {
  std::size_t next = blocks_.empty() ? 0 : current_ + 1;
  while (next < blocks_.size() && blocks_[next].size < bytes) ++next;
  if (next >= blocks_.size()) {
    const std::size_t usual =
        blocks_.empty() ? first_block_
                        : std::min(blocks_.back().size * 2, kLargestBlock);
    const std::size_t size = std::max(RoundUp(usual), bytes);
    blocks_.push_back(
        {std::make_unique_for_overwrite<std::byte[]>(size), size});
    next = blocks_.size() - 1;
  }
  current_ = next;
  used_ = 0;
}

void Arena::Reset() {
  current_ = 0;
  used_ = 0;
  bytes_ = 0;
}

std::string_view Arena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* copy = static_cast<char*>(Allocate(text.size()));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Value Arena::Copy(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
    case Value::Kind::kBoolean:
      return value;
    case Value::Kind::kInteger:
      return Value::Integer(value.integer(), Copy(value.text()));
    case Value::Kind::kReal:
      return Value::Real(value.number(), Copy(value.text()));
    case Value::Kind::kText:
      return Value::Text(Copy(value.text()));
    case Value::Kind::kObject:
      return Value::Object(Copy(value.text()));
    case Value::Kind::kList:
      break;
  }
  const std::span<const Value> elements = value.elements();
  if (elements.empty()) return Value::List({});
  auto* copies = static_cast<Value*>(Allocate(elements.size() * sizeof(Value)));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    new (copies + i) Value(Copy(elements[i]));
  }
  return Value::List({copies, elements.size()});
}

namespace {

// Whether all that a value points to is its text.
bool IsText(const Value& value) {
  return value.kind() >= Value::Kind::kInteger &&
         value.kind() != Value::Kind::kList;
}

// The same value, with a text of the same size.
Value WithText(const Value& value, std::string_view text) {
  switch (value.kind()) {
    case Value::Kind::kInteger:
      return Value::Integer(value.integer(), text);
    case Value::Kind::kReal:
      return Value::Real(value.number(), text);
    case Value::Kind::kObject:
      return Value::Object(text);
    default:
      return Value::Text(text);
  }
}

}  // namespace

// In one piece: most events are copied, and this often.
Event Arena::Copy(const Event& event) {
  std::size_t size = event.fields.size() * sizeof(EventField) +
                     event.name.size() + event.id.size() +
                     event.customer.size();
  for (const EventField& field : event.fields) {
    if (IsText(field.value)) size += field.value.text().size();
  }
  auto* const fields = static_cast<EventField*>(Allocate(size));
  char* free = reinterpret_cast<char*>(fields + event.fields.size());
  const auto put = [&free](std::string_view text) -> std::string_view {
    if (text.empty()) return {};
    char* const copy = free;
    std::memcpy(copy, text.data(), text.size());
    free += text.size();
    return {copy, text.size()};
  };
  Event copy = event;
  for (std::size_t i = 0; i < event.fields.size(); ++i) {
    const auto& [property, value] = event.fields[i];
    new (fields + i)
        EventField{property, IsText(value) ? WithText(value, put(value.text()))
                                           : Copy(value)};
  }
  copy.name = put(event.name);
  copy.id = put(event.id);
  copy.customer = put(event.customer);
  copy.fields = {fields, event.fields.size()};
  return copy;
}

}  // namespace premura
