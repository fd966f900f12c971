// SPDX-License-Identifier: Apache-2.0
// Durations as a person is told them. What is to be pasted into a file is
// written by FormatDuration() (time.h), which the language reads again.

#pragma once

#include <string>

#include "rules/time.h"

namespace premura {

// "2d 12h 30m", "7d", "250ms", "0s"; "-1h 30m" of what is negative. No weeks:
// rules are mostly written without.
std::string ReadableDuration(Duration duration);

}  // namespace premura
