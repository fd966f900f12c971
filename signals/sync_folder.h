// SPDX-License-Identifier: Apache-2.0
// SyncFolder: makes it durable that a file is in its folder, under its name.
//
// Thread-safe.

#pragma once

#include <string>

#include "rules/result.h"

namespace premura {

// Of the folder that `file` is in.
[[nodiscard]] Status SyncFolderOf(const std::string& file);

}  // namespace premura
