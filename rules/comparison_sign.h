// SPDX-License-Identifier: Apache-2.0
// Comparisons as people write them elsewhere: `amount >= 5`. Here such a key is
// a field of that name, and such a value a text, so nothing is ever found.

#pragma once

#include <optional>
#include <string_view>

namespace premura {

struct ComparisonSign {
  std::string_view modifier;  // "gte"; of `=`: empty.
  std::string_view rest;      // Without sign and blanks.
};

// "amount >=": `amount` and `gte`.
std::optional<ComparisonSign> SignAtEnd(std::string_view field);

// "> 3": `3` and `gt`. Only before a number.
std::optional<ComparisonSign> SignAtStart(std::string_view value);

}  // namespace premura
