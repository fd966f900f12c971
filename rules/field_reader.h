// SPDX-License-Identifier: Apache-2.0
// Reading what refers to a field of an earlier step, and writing a property.

#pragma once

#include <optional>
#include <string>

#include "rules/condition.h"

namespace premura {

// Whether `text` is written like one: "$first.amount".
bool IsLookBack(const std::string& text);

// REQUIRES: IsLookBack(text). Mistakes are recorded at `at`.
std::optional<FieldRef> ReadLookBack(const std::string& text, const Node& at,
                                     const ConditionContext& context);

// The event's property at `path` as a rule writes it, so that nothing else is
// meant: "page", "properties.id"; empty if no rule can.
std::string WrittenProperty(const std::string& path);

}  // namespace premura
