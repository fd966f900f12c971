// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the daemon's store of customers' state. One that cannot be used
// is moved aside, loudly, and a new one begun.
//
// Thread: one at a time.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/telemetry/telemetry.h"
#include "rules/result.h"
#include "signals/checkpoint_store.h"

namespace premura {

inline std::string CheckpointFolder(const std::string& state_dir) {
  return state_dir + "/checkpoint";
}

class Checkpoints {
 public:
  // `telemetry` must outlive it.
  Checkpoints(std::string folder, Telemetry* telemetry)
      : folder_(std::move(folder)), telemetry_(telemetry) {}

  Status Open();
  // The store is damaged after all.
  Status Abandon(const std::string& problem);

  // REQUIRES: open.
  CheckpointStore* store() const { return store_.get(); }
  // There was none, or none that could be used.
  bool is_new() const { return is_new_; }

 private:
  const std::string folder_;
  Telemetry* const telemetry_;
  std::unique_ptr<CheckpointStore> store_;
  bool is_new_ = false;
};

}  // namespace premura
