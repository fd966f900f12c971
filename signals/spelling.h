// SPDX-License-Identifier: Apache-2.0
// How a number that JSON writes with a fraction or an exponent is spelled.

#pragma once

namespace premura {

// The shortest spelling that gives the same number; whole ones keep a
// fraction, as they were written with one: 5.0 stays 5.0. Answers its end.
// REQUIRES: room for 40 characters; `number` is finite.
char* SpellReal(double number, char* begin, char* end);

}  // namespace premura
