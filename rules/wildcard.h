// SPDX-License-Identifier: Apache-2.0
// Several names or texts as people write them elsewhere: `page_*`, `signup or
// login`. Here each is one name, so nothing is ever found.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace premura {

struct Wildcard {
  std::string_view modifier;  // "startswith"
  std::string rest;           // To be compared with.
};

// "page_*": `startswith` and `page_`. A star in the middle, or what looks like
// a regular expression: `re`. No star, or nothing but stars: nullopt.
std::optional<Wildcard> WildcardIn(std::string_view text);

// "a or b", "a, b", "a|b": `a` and `b`; empty where it is one name.
std::vector<std::string> NamesIn(std::string_view text);

}  // namespace premura
