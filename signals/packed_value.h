// SPDX-License-Identifier: Apache-2.0
// Values in bytes: numbers with their spelling, lists element by element. Each
// value ends where the next may begin.

#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/value.h"

namespace premura {

void AppendPacked(const Value& value, std::string* bytes);

// So many bytes it takes at most; and written to where there is room for them.
// Answers what is behind it.
std::size_t MostPacked(const Value& value);
char* PutPacked(const Value& value, char* to);

// Where the elements of unpacked lists live.
class ValueArena {
 public:
  std::span<const Value> Keep(std::vector<Value> elements);

 private:
  std::deque<std::vector<Value>> lists_;
};

// Takes one value off the front of `bytes`, which must outlive it; so must
// `arena`.
Value Unpack(std::string_view* bytes, ValueArena* arena);

// Takes one packed value off the front of `bytes`, as it is; nullopt if they
// do not begin with one. For bytes that may be damaged.
std::optional<std::string_view> TakePacked(std::string_view* bytes);

}  // namespace premura
