// SPDX-License-Identifier: Apache-2.0
// How long to wait before a repeat.

#pragma once

#include <optional>
#include <string_view>

#include "rules/time.h"

namespace premura {

// `first` after the first failure, then twice as long each time up to `most`,
// and up to half as much again, spread by key so that what failed together
// does not come back together. The same in every run. What the other side asks
// for (`retry_after`, up to an hour) is obeyed where it is longer.
// REQUIRES: retries >= 1.
Duration Backoff(Duration first, Duration most, int retries,
                 std::string_view key, std::optional<Duration> retry_after);

}  // namespace premura
