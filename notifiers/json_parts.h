// SPDX-License-Identifier: Apache-2.0
// The parts of a JSON text as they are written: a number keeps every digit,
// even one that no 64 bits hold.

#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/result.h"

namespace premura {

// Of an object, in order: name, value as written.
Result<std::vector<std::pair<std::string, std::string>>> JsonMembers(
    std::string_view json);

// Of an array, as written.
Result<std::vector<std::string>> JsonElements(std::string_view json);

// What a JSON string says.
Result<std::string> JsonString(std::string_view json);

}  // namespace premura
