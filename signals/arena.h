// SPDX-License-Identifier: Apache-2.0
// Arena: memory that is given out piece by piece and taken back all at once.
// Keeps its blocks, so a steady stream allocates nothing.
//
// Thread: one at a time.

#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "signals/event.h"

namespace premura {

class Arena {
 public:
  // `block` is the size of the first block; later ones grow with need.
  explicit Arena(std::size_t block = 4096) : first_block_(block) {}

  // Aligned for any Value or Event.
  void* Allocate(std::size_t bytes);

  std::string_view Copy(std::string_view text);
  Value Copy(const Value& value);
  // With all it points to.
  Event Copy(const Event& event);

  // Takes everything back; what was given out must no longer be used.
  void Reset();
  // Given out since the last Reset().
  std::size_t bytes() const { return bytes_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> data;
    std::size_t size = 0;
  };

  void NextBlock(std::size_t bytes);

  std::size_t first_block_;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // Block in use, if any.
  std::size_t used_ = 0;     // Bytes of it.
  std::size_t bytes_ = 0;
};

}  // namespace premura
