// SPDX-License-Identifier: Apache-2.0
#include "rules/value.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <iterator>

namespace premura {
namespace {

void AppendBytes(std::uint64_t number, std::string* key) {
  char bytes[sizeof number];
  for (std::size_t i = 0; i < sizeof number; ++i) {
    bytes[i] = static_cast<char>(number >> (8 * i));
  }
  key->append(bytes, sizeof bytes);
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
