// SPDX-License-Identifier: Apache-2.0
#include "rules/number.h"

#include <charconv>
#include <cmath>

namespace premura {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr double kTwoTo63 = 9223372036854775808.0;

// Skips digits; false if there is none.
bool SkipDigits(std::string_view text, std::size_t* at) {
  const std::size_t start = *at;
  while (*at < text.size() && IsDigit(text[*at])) ++*at;
  return *at > start;
}

// How `text` spells a number by JSON's grammar: not at all, as a whole number,
// or with a fraction or exponent.
enum class Spelling { kNone, kWhole, kReal };

Spelling SpellingOf(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at;
  if (!SkipDigits(text, &at)) return Spelling::kNone;
  if (text[first] == '0' && at > first + 1) return Spelling::kNone;
  Spelling spelling = Spelling::kWhole;
  if (at < text.size() && text[at] == '.') {
    spelling = Spelling::kReal;
    if (!SkipDigits(text, &++at)) return Spelling::kNone;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    spelling = Spelling::kReal;
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!SkipDigits(text, &at)) return Spelling::kNone;
  }
  return at == text.size() ? spelling : Spelling::kNone;
}

Number FromDouble(double real) {
  Number number;
  number.whole =
      real >= -kTwoTo63 && real < kTwoTo63 && std::trunc(real) == real;
  if (number.whole) {
    number.integer = static_cast<std::int64_t>(real);
  } else {
    number.real = real;
  }
  return number;
}

template <typename T>
int ThreeWay(T a, T b) {
  return a < b ? -1 : (a > b ? 1 : 0);
}

}  // namespace

std::optional<Number> ParseNumber(std::string_view text) {
  const Spelling spelling = SpellingOf(text);
  if (spelling == Spelling::kNone) return std::nullopt;
  const char* end = text.data() + text.size();
  if (spelling == Spelling::kWhole) {
    Number number;
    const auto [_, error] = std::from_chars(text.data(), end, number.integer);
    if (error == std::errc()) return number;
  }
  double real = 0;
  const auto [_, error] = std::from_chars(text.data(), end, real);
  if (error != std::errc()) return std::nullopt;
  return FromDouble(real);
}

Number NumberOf(const Value& value) {
  if (value.kind() == Value::Kind::kReal) return FromDouble(value.number());
  Number number;
  number.integer = value.integer();
  return number;
}

// A number that is not whole is either a fraction, which no whole number
// equals and whose double is exact, or lies beyond all of int64.
int Compare(const Number& a, const Number& b) {
  if (a.whole && b.whole) return ThreeWay(a.integer, b.integer);
  if (!a.whole && !b.whole) return ThreeWay(a.real, b.real);
  if (!a.whole) return -Compare(b, a);
  if (std::abs(b.real) >= kTwoTo63) return b.real > 0 ? -1 : 1;
  // |b| < 2^53 here, or it would be whole: its floor is an exact int64.
  const auto below = static_cast<std::int64_t>(std::floor(b.real));
  return a.integer <= below ? -1 : 1;
}

}  // namespace premura
