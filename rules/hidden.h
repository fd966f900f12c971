// SPDX-License-Identifier: Apache-2.0
// Names that begin with a dot: what editors and systems leave behind
// (`.#a.yaml`, `._a.yaml`) is in no folder that is read.

#pragma once

#include <string_view>

namespace premura {

// Of the last name of `path`.
inline bool IsHidden(std::string_view path) {
  return path.substr(path.rfind('/') + 1).starts_with('.');
}

}  // namespace premura
