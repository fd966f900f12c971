// SPDX-License-Identifier: Apache-2.0
// Texts without case, and comparing them without making a copy: `folded` is
// what FoldCase made of a literal, `text` is as it came. Characters are folded
// one by one (simple folding), so both have equally many.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace premura {

// Simple case folding of Unicode (CaseFolding.txt, statuses C and S).
std::string FoldCase(std::string_view text);

bool FoldedEquals(std::string_view text, std::string_view folded);
bool FoldedStartsWith(std::string_view text, std::string_view folded);
bool FoldedEndsWith(std::string_view text, std::string_view folded);
bool FoldedContains(std::string_view text, std::string_view folded);

// Equal for texts that differ in case alone.
std::uint64_t FoldedHash(std::string_view text);

}  // namespace premura
