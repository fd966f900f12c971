// SPDX-License-Identifier: Apache-2.0
// UTF-8, one character at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace premura {

// The character that begins at text[*at]; moves *at behind it. What is not
// UTF-8 (also surrogates and overlong forms) is -1 and one byte long.
// REQUIRES: *at < text.size().
std::int32_t NextCharacter(std::string_view text, std::size_t* at);

// Writes the UTF-8 of a character and answers its length, 1 to 4.
std::size_t EncodeCharacter(std::int32_t character, char* out);

}  // namespace premura
