// SPDX-License-Identifier: Apache-2.0
// Mention: a name, a field or a value that a rule speaks of, and where; for
// advice that compares rules with events that were seen.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/diagnostic.h"
#include "rules/symbols.h"

namespace premura {

struct Mention {
  enum class What : std::uint8_t {
    kEvent,  // The name of an event, detections among them.
    kField,  // A property.
    kValue,  // What a property is to equal.
  };
  What what = What::kEvent;
  std::string text;       // As written: a name, a value, `amount|gt`.
  SymbolId property = 0;  // Of kField and kValue.
  // The events whose field it is; empty: any that the rule speaks of.
  std::vector<SymbolId> names;
  SourcePosition position;
};
using Mentions = std::vector<Mention>;

}  // namespace premura
