// SPDX-License-Identifier: Apache-2.0
// A database whose transactions are timed, from Begin() to the end of Commit().

#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "notifiers/database.h"

namespace premura {

// `took` is called after each that was committed, on the thread of the caller.
std::unique_ptr<Database> Measured(
    std::unique_ptr<Database> database,
    std::function<void(std::chrono::duration<double>)> took);

}  // namespace premura
