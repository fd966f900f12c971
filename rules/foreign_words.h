// SPDX-License-Identifier: Apache-2.0
// Words that conditions have elsewhere, and what is written here instead.

#pragma once

#include <string>

namespace premura {

// Of a modifier, as `regex`; nullptr: it is no such word.
const char* ModifierMeant(const std::string& word);

// Of a key with a mapping in it where a value is meant, as `or`.
const char* HintForMapping(const std::string& key);

}  // namespace premura
