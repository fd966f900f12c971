// SPDX-License-Identifier: Apache-2.0
// What a value says of a consent. Files and services spell it in words; what is
// not a clear yes is a no.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/value.h"

namespace premura {

// Without case, and without space around it.
std::string PlainWord(std::string_view text);

// The one before permits less.
enum class ConsentWord : std::uint8_t { kNo, kNothing, kYes };

// Empty texts, objects and nulls say nothing.
ConsentWord ReadConsent(const Value& value);

}  // namespace premura
