// SPDX-License-Identifier: Apache-2.0

#include "signals/packed_value.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "signals/varint.h"

namespace premura {

namespace {

template <typename Number>
char* PutRaw(Number number, char* to) {
  std::memcpy(to, &number, sizeof number);
  return to + sizeof number;
}

template <typename Number>
Number TakeRaw(std::string_view* bytes) {
  Number number;
  std::memcpy(&number, bytes->data(), sizeof number);
  bytes->remove_prefix(sizeof number);
  return number;
}

// The number that digits spell, with as few of them as it needs.
std::optional<std::int64_t> Spelled(std::string_view text) {
  constexpr std::size_t kMost = 18;  // No number of so many is too large.
  const bool below = text.starts_with('-');
  const std::string_view digits = text.substr(below ? 1 : 0);
  if (digits.empty() || digits.size() > kMost) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return below ? -number : number;
}

std::int64_t Read(std::string_view spelling) {
  if (const auto number = Spelled(spelling)) return *number;
  std::int64_t number = 0;
  std::from_chars(spelling.data(), spelling.data() + spelling.size(), number);
  return number;
}

// A whole number is nearly always spelled as we would: its spelling is enough.
bool SpellsItself(const Value& value) {
  const std::string_view text = value.text();
  if (const auto number = Spelled(text)) return *number == value.integer();
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
  std::vector<Value> elements(PopVarint(bytes));
  for (Value& element : elements) element = Unpack(bytes, arena);
  return Value::List(arena->Keep(std::move(elements)));
}

}  // namespace

std::size_t MostPacked(const Value& value) {
  constexpr std::size_t kAround = 1 + sizeof(double) + kMostVarint;
  std::size_t most = kAround + value.text().size();
  if (value.kind() == Value::Kind::kList) {
    for (const Value& element : value.elements()) most += MostPacked(element);
  }
  return most;
}

char* PutPacked(const Value& value, char* to) {
  const char tag = TagOf(value);
  *to++ = tag;
  switch (tag) {
    case kOddlySpelled:
      to = PutRaw(value.integer(), to);
      break;
    case 'r':
      to = PutRaw(value.number(), to);
      break;
    case 'l':
      to = PutVarint(value.elements().size(), to);
      for (const Value& element : value.elements()) {
        to = PutPacked(element, to);
      }
      return to;
    case 'n':
    case 'T':
    case 'F':
      return to;
    default:
      break;
  }
  return PutText(value.text(), to);
}

void AppendPacked(const Value& value, std::string* bytes) {
  const std::size_t before = bytes->size();
  bytes->resize(before + MostPacked(value));
  const char* const end = PutPacked(value, bytes->data() + before);
  bytes->resize(static_cast<std::size_t>(end - bytes->data()));
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
    case 'i': {
      const std::string_view spelling = PopText(bytes);
      return Value::Integer(Read(spelling), spelling);
    }
    case kOddlySpelled: {
      const auto number = TakeRaw<std::int64_t>(bytes);
      return Value::Integer(number, PopText(bytes));
    }
    case 'r': {
      const auto number = TakeRaw<double>(bytes);
      return Value::Real(number, PopText(bytes));
    }
    case 't':
      return Value::Text(PopText(bytes));
    case 'o':
      return Value::Object(PopText(bytes));
    case 'l':
      return UnpackList(bytes, arena);
    default:
      return Value::Null();
  }
}

// --- Packed values as they are ----------------------------------------------

namespace {

bool SkipText(std::string_view* bytes) {
  std::string_view text;
  return TakeText(bytes, &text);
}

// A number that stands before its spelling, which goes into JSON as it is.
bool SkipNumber(std::size_t raw, std::string_view* bytes) {
  std::string_view spelling;
  if (bytes->size() < raw) return false;
  bytes->remove_prefix(raw);
  return TakeText(bytes, &spelling) && !spelling.empty() &&
         spelling.find_first_not_of("+-.0123456789Ee") ==
             std::string_view::npos;
}

bool SkipPacked(std::string_view* bytes, int depth) {
  if (bytes->empty() || depth == 0) return false;
  const char tag = bytes->front();
  bytes->remove_prefix(1);
  switch (tag) {
    case 'n':
    case 'T':
    case 'F':
      return true;
    case 'i':
      return SkipNumber(0, bytes);
    case kOddlySpelled:
      return SkipNumber(sizeof(std::int64_t), bytes);
    case 'r':
      return SkipNumber(sizeof(double), bytes);
    case 't':
    case 'o':
      return SkipText(bytes);
    case 'l':
      break;
    default:
      return false;
  }
  std::uint64_t elements = 0;
  if (!TakeVarint(bytes, &elements) || elements > bytes->size()) {
    return false;
  }
  for (; elements > 0; --elements) {
    if (!SkipPacked(bytes, depth - 1)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> TakePacked(std::string_view* bytes) {
  constexpr int kDepth = 1000;  // No JSON is read that is deeper.
  std::string_view rest = *bytes;
  if (!SkipPacked(&rest, kDepth)) return std::nullopt;
  const std::string_view value = bytes->substr(0, bytes->size() - rest.size());
  *bytes = rest;
  return value;
}

}  // namespace premura
