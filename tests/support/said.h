// SPDX-License-Identifier: Apache-2.0
// What events are taken to have said, all at one time.

#pragma once

#include "signals/profile.h"
#include "signals/said.h"

namespace premura {

inline SaidByEvents SaidAt(Timestamp at, const Profile::Values& values) {
  SaidByEvents said;
  for (const auto& [path, json] : values) said[path] = {json, at};
  return said;
}

// Nobody knows when.
inline SaidByEvents SaidOnce(const Profile::Values& values) {
  return SaidAt(Timestamp::min(), values);
}

}  // namespace premura
