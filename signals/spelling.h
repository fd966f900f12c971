// SPDX-License-Identifier: Apache-2.0
// How JSON's numbers are spelled: in the shortest way.

#pragma once

#include <cstdint>

#include "rules/value.h"
#include "signals/arena.h"

namespace premura {

// The number with its spelling, which `arena` holds.
Value SpelledInteger(std::int64_t number, Arena* arena);
Value SpelledNatural(std::uint64_t number, Arena* arena);
Value SpelledReal(double number, Arena* arena);  // As SpellReal().

// The shortest spelling that gives the same number; whole ones keep a
// fraction, as they were written with one: 5.0 stays 5.0. Answers its end.
// REQUIRES: room for 40 characters; `number` is finite.
char* SpellReal(double number, char* begin, char* end);

}  // namespace premura
