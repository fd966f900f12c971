// SPDX-License-Identifier: Apache-2.0
// Whether a file is the one that it was, though it may have grown: by what it
// begins with.

#pragma once

#include <string>

namespace premura {

// Empty if it is no plain file that can be read.
std::string FileIdentity(const std::string& path);

// REQUIRES: FileIdentity() answered `identity`.
bool IsSameFile(const std::string& path, const std::string& identity);

}  // namespace premura
