// SPDX-License-Identifier: Apache-2.0
// Numbers in as few bytes as they need, seven bits in each; texts after their
// length.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace premura {

inline void AppendVarint(std::uint64_t number, std::string* bytes) {
  while (number >= 0x80) {
    bytes->push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  bytes->push_back(static_cast<char>(number));
}

inline void AppendText(std::string_view text, std::string* bytes) {
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

// The same to where there is room for it; what they answer is behind it.
inline constexpr std::size_t kMostVarint = 10;
inline char* PutVarint(std::uint64_t number, char* to) {
  while (number >= 0x80) {
    *to++ = static_cast<char>(number | 0x80);
    number >>= 7;
  }
  *to++ = static_cast<char>(number);
  return to;
}
inline char* PutText(std::string_view text, char* to) {
  to = PutVarint(text.size(), to);
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// These take off the front of `bytes`; false if it does not begin with one.
inline bool TakeVarint(std::string_view* bytes, std::uint64_t* number) {
  *number = 0;
  for (std::size_t i = 0; i < bytes->size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    *number |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte >= 0x80) continue;
    bytes->remove_prefix(i + 1);
    return true;
  }
  return false;
}

inline bool TakeText(std::string_view* bytes, std::string_view* text) {
  std::uint64_t size = 0;
  if (!TakeVarint(bytes, &size) || size > bytes->size()) return false;
  *text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

// The same of bytes that are known to begin with one.
inline std::uint64_t PopVarint(std::string_view* bytes) {
  std::uint64_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
}

inline std::string_view PopText(std::string_view* bytes) {
  const std::size_t size = PopVarint(bytes);
  const std::string_view text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return text;
}

// Small numbers of either sign as small ones without.
inline std::uint64_t Zigzag(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  return (bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0);
}
inline std::int64_t Unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>((number >> 1) ^ (~(number & 1) + 1));
}

}  // namespace premura
