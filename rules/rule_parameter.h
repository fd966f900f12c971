// SPDX-License-Identifier: Apache-2.0
// RuleParameter: one number or duration of a rule, where it stands in the
// rules' text, so that another can be tried in its place.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/result.h"
#include "rules/rule_set.h"

namespace premura {

struct RuleParameter {
  std::string path;        // "detect.event_count.gte", "success.within"
  std::string value;       // As written, without quotes.
  std::size_t file = 0;    // Into the files.
  std::size_t offset = 0;  // In bytes, quotes included.
  std::size_t length = 0;
};

// `name` is a path or its end: `gte`, `event_count.gte`, `success.within`,
// `steps.2.times` (counted from 1). Where several end so, the one directly in
// the kind is meant, or else the one directly in the rule; what stands in
// `success` only by its path. Fails, with a
// suggestion, if there is no such rule or parameter, or if it is not clear
// which. REQUIRES: LoadRules() finds no mistake in `files`.
Result<RuleParameter> FindRuleParameter(const std::vector<RuleFile>& files,
                                        const std::string& rule,
                                        const std::string& name);

// `files` with `value` in its place. Nothing is checked: LoadRules() does.
std::vector<RuleFile> WithParameter(std::vector<RuleFile> files,
                                    const RuleParameter& parameter,
                                    const std::string& value);

}  // namespace premura
