// SPDX-License-Identifier: Apache-2.0
// Kind: how one kind of pattern is read from what stands below its name in
// `detect`. Another kind is another file and a line in kinds.cc.

#pragma once

#include <span>

#include "rules/reading.h"
#include "rules/rule.h"

namespace premura {

struct Kind {
  const char* name;
  // Reads the parameters that are this kind's own (not `group_by` nor
  // `unless`); the caller rejects other keys.
  KindSpec (*read)(Mapping mapping, Reading* reading);
  // The same as a JSON Schema: `description`, `properties` and what follows
  // them, without the outer braces. `#/$defs/` holds what kinds share
  // (rule_schema.cc).
  const char* schema;
};

extern const Kind kEventCount;
extern const Kind kValueCount;
extern const Kind kFlapping;
extern const Kind kChange;
extern const Kind kNewTerm;
extern const Kind kSequence;
extern const Kind kTemporal;
extern const Kind kAbsence;
extern const Kind kSilence;
extern const Kind kRatio;
extern const Kind kAggregate;
extern const Kind kSpike;
extern const Kind kScore;
extern const Kind kDeadline;

std::span<const Kind* const> Kinds();

}  // namespace premura
