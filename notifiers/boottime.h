// SPDX-License-Identifier: Apache-2.0
// Boottime(): how long this machine has been up, by a clock that runs on while
// it sleeps and is never put back. Thread-safe.

#pragma once

#include "rules/time.h"

namespace premura {

Duration Boottime();

}  // namespace premura
