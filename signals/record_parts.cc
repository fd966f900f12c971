// SPDX-License-Identifier: Apache-2.0

#include "signals/record_parts.h"

#include <algorithm>

#include "rules/printable.h"

namespace premura {

namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

}  // namespace

std::string_view WithoutFraming(std::string_view bytes) {
  constexpr std::size_t kFrame = 5;
  if (bytes.size() > kFrame && bytes.front() == '\0') {
    bytes.remove_prefix(kFrame);
  }
  return bytes;
}

std::string_view FindHeader(std::span<const Header> headers,
                            std::string_view name) {
  std::string_view found;
  for (const Header& header : headers) {
    if (SameName(header.name, name)) found = header.value;
  }
  return found;
}

bool IsBinaryCloudEvent(std::span<const Header> headers) {
  return !FindHeader(headers, "ce_specversion").empty() ||
         !FindHeader(headers, "ce_type").empty();
}

bool MayBeJson(std::span<const Header> headers) {
  const std::string_view type = FindHeader(headers, "content-type");
  if (type.empty()) return true;
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(), Lower);
  return lower.find("json") != lower.npos;
}

const char* Words(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kList:
      return "a list";
    case Value::Kind::kObject:
      return "an object";
    case Value::Kind::kBoolean:
      return "true or false";
    case Value::Kind::kText:
      return "a text";
    case Value::Kind::kInteger:
    case Value::Kind::kReal:
      return "a number";
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      break;
  }
  return "nothing";
}

void MakePresentable(std::string* message) {
  constexpr std::size_t kLongest = 200;
  if (message->size() > kLongest) {
    std::size_t end = kLongest;
    while (end > 0 &&
           (static_cast<unsigned char>((*message)[end]) & 0xC0) == 0x80) {
      --end;
    }
    message->resize(end);
    message->append("...");
  }
  *message = Printable(*message);
}

}  // namespace premura
