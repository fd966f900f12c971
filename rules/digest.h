// SPDX-License-Identifier: Apache-2.0
// Telling one rule from another by what it says.

#pragma once

#include <string>
#include <string_view>

#include "rules/document.h"

namespace premura {

// 64 hex digits.
std::string Sha256(std::string_view bytes);

// The first 8 of them.
std::string ShortDigest(std::string_view bytes);

// Appends what `node` says, the same for each way of writing it down: order
// of keys, quotes around what is a text anyway, comments, layout, aliases.
void AppendCanonical(const Node& node, std::string* out);

}  // namespace premura
