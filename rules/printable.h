// SPDX-License-Identifier: Apache-2.0
// What may reach a terminal, a header or a line of a log. Pure functions on
// UTF-8; a byte that is not UTF-8 counts as a control character.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace premura {

// C0, DEL, C1, the line separators of Unicode and what turns the direction of
// the text around it; also -1, which NextCharacter answers for what is no
// character.
bool IsControl(std::int32_t character);

// `text` with a `?` for each control character that is not in `keep`.
// REQUIRES: `keep` is ASCII.
std::string Printable(std::string_view text, std::string_view keep = "");

}  // namespace premura
