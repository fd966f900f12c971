// SPDX-License-Identifier: Apache-2.0
// Texts in which a regular expression is found, made from its own words.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

// Texts that probably match `pattern` (RE2's syntax; literals, classes, groups,
// choices, repeats and anchors are understood): one by the first choice
// everywhere, one by the last. Whoever asks tries them with the expression.
// Empty if the expression is of another kind.
std::vector<std::string> SampleRegex(std::string_view pattern);

}  // namespace premura
