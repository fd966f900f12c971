// SPDX-License-Identifier: Apache-2.0
// StateDir: the folder that one daemon alone writes to. Held by a lock for as
// long as the object lives; the lock goes with the process.

#pragma once

#include <memory>
#include <string>

#include "rules/result.h"

namespace premura {

class StateDir {
 public:
  // Makes the folder (0750) if it is not there. Fails if another process has
  // it.
  static Result<std::unique_ptr<StateDir>> Open(const std::string& path);
  ~StateDir();
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

 private:
  explicit StateDir(int file) : file_(file) {}
  const int file_;
};

}  // namespace premura
