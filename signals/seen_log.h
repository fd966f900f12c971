// SPDX-License-Identifier: Apache-2.0
// SeenLog: what a DuplicateFilter remembers, in parts for checkpoints: each has
// what is new, and goes when the window is over.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "signals/checkpoint_store.h"
#include "signals/dedup.h"

namespace premura {

class SeenLog {
 public:
  // Part `key` of some source's: which source that is.
  static std::string_view SourceOf(std::string_view key);

  void Save(std::string_view source, Duration window, Timestamp clock,
            DuplicateFilter* filter, CheckpointRecords* to);
  // In order of key. False if it is damaged.
  bool Load(std::string_view key, std::string_view bytes,
            DuplicateFilter* filter);

 private:
  struct Part {
    std::uint64_t number;
    Timestamp newest;
  };
  std::deque<Part> parts_;
  std::uint64_t next_ = 0;
};

}  // namespace premura
