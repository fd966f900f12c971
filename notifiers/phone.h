// SPDX-License-Identifier: Apache-2.0
// Telephone numbers for SMS: E.164 and nothing else. Pure functions.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace premura {

// "+391234567890" if `text` is such a number: a plus, then 7 to 15 digits, the
// first not 0. Spaces, dots, hyphens and round brackets between digits are
// taken out, a leading 00 stands for the plus. A number without its country's
// code, or with `(0)` after it, is refused rather than guessed.
std::optional<std::string> ParsePhone(std::string_view text);

// "+39*******90": for logs.
std::string MaskPhone(std::string_view phone);

}  // namespace premura
