// SPDX-License-Identifier: Apache-2.0
// StateDir: the folder that one daemon alone writes to. Held by a lock for as
// long as the object lives; the lock goes with the process. It has a name of
// its own, made when it is first opened, by which a daemon is known to others.

#pragma once

#include <memory>
#include <string>
#include <utility>

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

  const std::string& name() const { return name_; }

  // Whether a ledger has been told of it: one that has not is another.
  bool known_to_ledger() const;
  Status SetKnownToLedger();

 private:
  StateDir(int file, std::string path, std::string name)
      : file_(file), path_(std::move(path)), name_(std::move(name)) {}
  std::string known() const { return path_ + "/known_to_ledger"; }

  const int file_;
  const std::string path_;
  const std::string name_;
};

}  // namespace premura
