// SPDX-License-Identifier: Apache-2.0
// Numbers that no 64 bits hold. JSON allows them, simdjson refuses the whole
// document; so a refused document is written once more with such numbers as
// marked texts, which keep every digit.

#pragma once

#include <string>
#include <string_view>

namespace premura {

// `json` with each number that neither an integer of 64 bits nor a finite
// double holds written as a text that begins with kHugeNumber. Where `json` is
// not JSON, neither is the answer.
std::string MarkHugeNumbers(std::string_view json);

// Whether `number` is such a JSON number.
bool IsHugeNumber(std::string_view number);

// First character of a marked text, once parsed, and how JSON escapes it.
inline constexpr char kHugeNumber = '\x1f';

}  // namespace premura
