// SPDX-License-Identifier: Apache-2.0
// Values worth trying for a field of which something is demanded.

#pragma once

#include <cstddef>
#include <vector>

#include "rules/condition_node.h"
#include "rules/witness.h"

namespace premura {

// For terms about one field, the likeliest first. `variety` is how many
// different values are asked for. Earlier steps' fields are looked up in
// `facts`.
std::vector<Made> ValuesToTry(const std::vector<Condition::Node::Term>& terms,
                              const Facts& facts, std::size_t variety);

}  // namespace premura
