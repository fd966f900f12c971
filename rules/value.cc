// SPDX-License-Identifier: Apache-2.0
#include "rules/value.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <iterator>

namespace premura {
namespace {

void AppendBytes(std::uint64_t number, std::string* key) {
  for (int shift = 0; shift < 64; shift += 8) {
    key->push_back(static_cast<char>(number >> shift));
  }
}

void AppendSized(char tag, std::string_view text, std::string* key) {
  key->push_back(tag);
  AppendBytes(text.size(), key);
  key->append(text);
}

void AppendNumberIdentity(const Value& value, std::string* key) {
  if (value.kind() == Value::Kind::kInteger) {
    key->push_back('i');
    AppendBytes(static_cast<std::uint64_t>(value.integer()), key);
    return;
  }
  // A whole number is the same value however it is written; -0.0 is 0.
  const double number = value.number();
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (number >= -kLimit && number < kLimit && std::trunc(number) == number) {
    key->push_back('i');
    AppendBytes(static_cast<std::uint64_t>(static_cast<std::int64_t>(number)),
                key);
    return;
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, &number, sizeof bits);
  key->push_back('r');
  AppendBytes(bits, key);
}

}  // namespace

Value Value::Null() {
  Value value;
  value.kind_ = Kind::kNull;
  return value;
}

Value Value::Boolean(bool flag) {
  Value value;
  value.kind_ = Kind::kBoolean;
  value.integer_ = flag ? 1 : 0;
  return value;
}

Value Value::Integer(std::int64_t number, std::string_view spelling) {
  Value value = Text(spelling);
  value.kind_ = Kind::kInteger;
  value.integer_ = number;
  return value;
}

Value Value::Real(double number, std::string_view spelling) {
  Value value = Text(spelling);
  value.kind_ = Kind::kReal;
  value.real_ = number;
  return value;
}

Value Value::Text(std::string_view text) {
  Value value;
  value.kind_ = Kind::kText;
  value.data_ = text.data();
  value.size_ = static_cast<std::uint32_t>(text.size());
  return value;
}

Value Value::List(std::span<const Value> elements) {
  Value value;
  value.kind_ = Kind::kList;
  value.data_ = elements.data();
  value.size_ = static_cast<std::uint32_t>(elements.size());
  return value;
}

Value Value::Object(std::string_view json) {
  Value value = Text(json);
  value.kind_ = Kind::kObject;
  return value;
}

std::string_view Value::text() const {
  switch (kind_) {
    case Kind::kBoolean:
      return boolean() ? "true" : "false";
    case Kind::kInteger:
    case Kind::kReal:
    case Kind::kText:
    case Kind::kObject:
      return {static_cast<const char*>(data_), size_};
    case Kind::kAbsent:
    case Kind::kNull:
    case Kind::kList:
      break;
  }
  return {};
}

void AppendIdentity(const Value& value, std::string* key) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
      key->push_back('-');
      return;
    case Value::Kind::kNull:
      key->push_back('n');
      return;
    case Value::Kind::kBoolean:
      key->push_back(value.boolean() ? 'T' : 'F');
      return;
    case Value::Kind::kInteger:
    case Value::Kind::kReal:
      AppendNumberIdentity(value, key);
      return;
    case Value::Kind::kText:
      AppendSized('t', value.text(), key);
      return;
    case Value::Kind::kObject:
      AppendSized('o', value.text(), key);
      return;
    case Value::Kind::kList:
      key->push_back('l');
      AppendBytes(value.elements().size(), key);
      for (const Value& element : value.elements()) {
        AppendIdentity(element, key);
      }
      return;
  }
}

void AppendJson(const Value& value, std::string* json) {
  switch (value.kind()) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      json->append("null");
      return;
    case Value::Kind::kText:
      AppendJsonText(value.text(), json);
      return;
    case Value::Kind::kList: {
      json->push_back('[');
      bool first = true;
      for (const Value& element : value.elements()) {
        if (!first) json->push_back(',');
        first = false;
        AppendJson(element, json);
      }
      json->push_back(']');
      return;
    }
    case Value::Kind::kBoolean:
    case Value::Kind::kInteger:
    case Value::Kind::kReal:
    case Value::Kind::kObject:
      json->append(value.text());
      return;
  }
}

void AppendJsonText(std::string_view text, std::string* json) {
  json->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        json->append("\\\"");
        break;
      case '\\':
        json->append("\\\\");
        break;
      case '\n':
        json->append("\\n");
        break;
      case '\r':
        json->append("\\r");
        break;
      case '\t':
        json->append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(*json), "\\u{:04x}", int(c));
        } else {
          json->push_back(c);
        }
    }
  }
  json->push_back('"');
}

}  // namespace premura
