// SPDX-License-Identifier: Apache-2.0
#include "signals/value_bound.h"

#include "rules/digest.h"

namespace premura {
namespace {

std::size_t Weight(const Value& value) {
  std::size_t bytes = sizeof(Value) + value.text().size();
  if (value.kind() != Value::Kind::kList) return bytes;
  for (const Value& element : value.elements()) {
    bytes += Weight(element);
    if (bytes > ValueBound::kMost) break;
  }
  return bytes;
}

}  // namespace

std::string_view BeginOf(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 &&
         (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) {
    --bytes;
  }
  return text.substr(0, bytes);
}

Value ValueBound::Of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kText:
    case Value::Kind::kInteger:
    case Value::Kind::kReal:
      if (value.text().size() <= kMost) return value;
      return Value::Text(Short(value.text()));
    case Value::Kind::kObject:
      return value.text().size() <= kMost ? value : Value::Object("{}");
    case Value::Kind::kList:
      return ShortList(value);
    default:
      return value;
  }
}

std::string_view ValueBound::Short(std::string_view text) {
  constexpr std::size_t kDigits = 16;
  return texts_.emplace_back(std::string(BeginOf(text, kBegin)) +
                             "… sha256:" + Sha256(text).substr(0, kDigits));
}

Value ValueBound::ShortList(const Value& list) {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (const Value& element : list.elements()) {
    bytes += Weight(element);
    if (bytes > kMost) break;
    ++kept;
  }
  if (kept == list.elements().size()) return list;
  const auto first = list.elements().first(kept);
  return Value::List(lists_.emplace_back(first.begin(), first.end()));
}

}  // namespace premura
