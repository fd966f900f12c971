// SPDX-License-Identifier: Apache-2.0
// A PipelineObserver for tests that look at a part of what a pipeline tells:
// they say what is to be done with that, and a loss of state is a failure
// unless they expect it.

#pragma once

#include <gtest/gtest.h>

#include <string>

#include "signals/pipeline.h"

namespace premura {

class QuietObserver : public PipelineObserver {
 public:
  void OnCounts(const std::string&, const Counts&) override {}
  void OnBackPressure(const std::string&, bool) override {}
  void OnCommitted(const std::string&) override {}
  void OnEnded(const std::string&, const std::string&) override {}
  void OnDeadLetterTrouble(const std::string&) override {}
  void OnCheckpoint(const CheckpointReport&) override {}
  void OnStateLost(const std::string&, const std::string& origin,
                   const std::string& why) override {
    ADD_FAILURE() << origin << ": " << why;
  }
};

}  // namespace premura
