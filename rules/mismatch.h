// SPDX-License-Identifier: Apache-2.0
// Why a condition does not hold, for people.

#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/condition.h"

namespace premura {

// The first part of a condition that does not hold.
struct Mismatch {
  std::string wanted;  // As one would write it: "page|startswith: /billing".
  // The fields that the part looks at, each once: path, JSON; empty: absent.
  std::vector<std::pair<std::string, std::string>> found;
};

// nullopt if it matches.
std::optional<Mismatch> FirstMismatch(const Condition& condition,
                                      const Facts& facts);

// As one would write it, on one line; empty if it always holds.
std::string ToText(const Condition& condition);

}  // namespace premura
