// SPDX-License-Identifier: Apache-2.0

#include "signals/spelling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace premura {

namespace {

constexpr std::size_t kLongest = 40;

template <typename Number>
std::string_view Spell(Number number, Arena* arena) {
  char* const begin = static_cast<char*>(arena->Allocate(kLongest));
  const char* const end = std::to_chars(begin, begin + kLongest, number).ptr;
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

Value SpelledInteger(std::int64_t number, Arena* arena) {
  return Value::Integer(number, Spell(number, arena));
}

Value SpelledNatural(std::uint64_t number, Arena* arena) {
  return Value::Real(static_cast<double>(number), Spell(number, arena));
}

Value SpelledReal(double number, Arena* arena) {
  char* const begin = static_cast<char*>(arena->Allocate(kLongest));
  const char* const end = SpellReal(number, begin, begin + kLongest);
  return Value::Real(number, {begin, static_cast<std::size_t>(end - begin)});
}

char* SpellReal(double number, char* begin, char* end) {
  // Most have few decimals. If those few digits give the number,
  // nothing shorter does.
  constexpr std::int64_t kScale = 1'000'000;
  constexpr double kExact = 1e15;
  const double scaled = std::nearbyint(number * double(kScale));
  if (std::abs(scaled) < kExact && scaled / double(kScale) == number &&
      number != 0) {
    const auto digits = static_cast<std::int64_t>(std::abs(scaled));
    if (number < 0) *begin++ = '-';
    begin = std::to_chars(begin, end, digits / kScale).ptr;
    *begin++ = '.';
    std::int64_t rest = digits % kScale;
    do {
      *begin++ = static_cast<char>('0' + rest * 10 / kScale);
      rest = rest * 10 % kScale;
    } while (rest > 0);
    return begin;
  }
  char* const spelled = std::to_chars(begin, end, number).ptr;
  if (std::any_of(begin, spelled,
                  [](char c) { return c == '.' || c == 'e'; })) {
    return spelled;
  }
  std::memcpy(spelled, ".0", 2);
  return spelled + 2;
}

}  // namespace premura
