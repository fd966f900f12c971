// SPDX-License-Identifier: Apache-2.0
// Value: what a field of an event or a profile holds. A view: text and lists
// belong to whoever made the Value and must outlive it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace premura {

class Value {
 public:
  enum class Kind : std::uint8_t {
    kAbsent,  // No such field.
    kNull,    // JSON null; conditions treat it as absent.
    kBoolean,
    kInteger,  // A JSON number that an int64 holds exactly.
    kReal,     // Any other JSON number.
    kText,
    kList,
    kObject,  // A JSON object; only its presence and its text can be asked.
  };

  Value() = default;
  static Value Null() { return Value(Kind::kNull, nullptr, 0); }
  static Value Boolean(bool flag) {
    Value value(Kind::kBoolean, nullptr, 0);
    value.integer_ = flag ? 1 : 0;
    return value;
  }
  // `spelling` is the number as the JSON source writes it.
  static Value Integer(std::int64_t number, std::string_view spelling) {
    Value value(Kind::kInteger, spelling.data(), spelling.size());
    value.integer_ = number;
    return value;
  }
  static Value Real(double number, std::string_view spelling) {
    Value value(Kind::kReal, spelling.data(), spelling.size());
    value.real_ = number;
    return value;
  }
  static Value Text(std::string_view text) {
    return Value(Kind::kText, text.data(), text.size());
  }
  static Value List(std::span<const Value> elements) {
    return Value(Kind::kList, elements.data(), elements.size());
  }
  // `json` is the object's JSON text.
  static Value Object(std::string_view json) {
    return Value(Kind::kObject, json.data(), json.size());
  }

  Kind kind() const { return kind_; }
  bool present() const { return kind_ > Kind::kNull; }
  bool is_number() const {
    return kind_ == Kind::kInteger || kind_ == Kind::kReal;
  }

  // REQUIRES: the matching kind (number(): is_number()).
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }
  double number() const {
    return kind_ == Kind::kInteger ? static_cast<double>(integer_) : real_;
  }
  std::span<const Value> elements() const {
    return {static_cast<const Value*>(data_), size_};
  }

  // Text as it is; a number or boolean as JSON writes it; an object's JSON;
  // empty for the rest.
  std::string_view text() const {
    if (kind_ == Kind::kBoolean) return boolean() ? "true" : "false";
    if (kind_ == Kind::kList) return {};
    return {static_cast<const char*>(data_), size_};
  }

 private:
  Value(Kind kind, const void* data, std::size_t size)
      : data_(data), size_(static_cast<std::uint32_t>(size)), kind_(kind) {}

  const void* data_ = nullptr;  // Text, spelling, or the list's elements.
  std::uint32_t size_ = 0;
  Kind kind_ = Kind::kAbsent;
  union {
    std::int64_t integer_ = 0;
    double real_;
  };
};

// Appends a key that two values share exactly if they are the same value:
// with case, text apart from number, numbers of one value alike (1 and 1.0).
// Self-delimiting, so keys of several values can follow one another.
void AppendIdentity(const Value& value, std::string* key);

// Appends the value as JSON.
void AppendJson(const Value& value, std::string* json);

// Appends `text` as a JSON string with quotes.
void AppendJsonText(std::string_view text, std::string* json);

}  // namespace premura
