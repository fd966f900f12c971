// SPDX-License-Identifier: Apache-2.0
// Keys and values of a profile file that mean nothing to what reads them: such
// a customer is not written to, or at the wrong time. Warnings.

#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "rules/diagnostic.h"
#include "rules/rule_set.h"
#include "signals/profile.h"

namespace premura {

// The largest profile file whose lines are looked up.
inline constexpr std::size_t kLargestShown = 16 << 20;

// What the rules take for dates: the fields of `deadline`.
std::set<std::string> DateFields(const RuleSet& rules);

// What is wrong with the value at a path, as "is no time zone: ..": `dates` as
// below; nullptr if nothing.
const char* ProblemOfValue(const std::string& path, const std::string& text,
                           const std::set<std::string>& dates);

// `dates`: paths whose values must be dates. `path` is the file that
// `customers` were read from; it is read again for the lines if there is
// anything to say. At most ten values of a file are told one by one.
void WarnOfProfiles(const std::string& path,
                    const std::map<std::string, Profile::Values>& customers,
                    const std::set<std::string>& dates,
                    Diagnostics* diagnostics);

}  // namespace premura
