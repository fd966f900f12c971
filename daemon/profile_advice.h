// SPDX-License-Identifier: Apache-2.0
// Values of a profile file that mean nothing to what reads them: such a
// customer is not written to, or at the wrong hour. Warnings.

#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "rules/diagnostic.h"
#include "signals/profile.h"

namespace premura {

// The largest profile file whose lines are looked up.
inline constexpr std::size_t kLargestShown = 16 << 20;

// `path` is the file that `customers` were read from; it is read again for the
// lines if there is anything to say. At most ten of a file are told one by one.
void WarnOfProfiles(const std::string& path,
                    const std::map<std::string, Profile::Values>& customers,
                    Diagnostics* diagnostics);

}  // namespace premura
