// SPDX-License-Identifier: Apache-2.0
// Number: a JSON number, compared by its value however it is written.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/value.h"

namespace premura {

struct Number {
  bool whole = true;
  std::int64_t integer = 0;  // If whole.
  double real = 0;           // If not.

  double AsDouble() const {
    return whole ? static_cast<double>(integer) : real;
  }
};

// `text` as JSON spells a number ("5", "-1.5e3"); nullopt for anything else,
// and for what no double holds.
std::optional<Number> ParseNumber(std::string_view text);

// REQUIRES: value.is_number().
Number NumberOf(const Value& value);

// Below 0, 0 or above 0, exactly: no rounding of large whole numbers.
int Compare(const Number& a, const Number& b);

}  // namespace premura
