// SPDX-License-Identifier: Apache-2.0
// Where a quoted YAML text ends. yaml-cpp does not notice when a file ends,
// with a line end, before the text does: it takes all that follows the quote
// for it.

#pragma once

#include <cstddef>
#include <string_view>

namespace premura {

// Where the quote stands, if a value that begins at `at`, perhaps with an
// anchor or a tag before it, is a quoted text that is never closed; else npos.
std::size_t FindOpenQuote(std::string_view text, std::size_t at);

}  // namespace premura
