// SPDX-License-Identifier: Apache-2.0
// Unpacker: gzip or zstd, piece by piece.
//
// Thread: one at a time.

#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "rules/result.h"

namespace premura {

class Unpacker {
 public:
  virtual ~Unpacker() = default;
  // Takes bytes from the front of `*packed` and writes to `room`; answers how
  // much it wrote. Done with `*packed` once that is empty and nothing is
  // written any more.
  virtual Result<std::size_t> Unpack(std::string_view* packed,
                                     std::span<char> room) = 0;
  // Whether the packed bytes may end here.
  virtual bool complete() const = 0;
};

// How many bytes NewUnpackerFor() must see, unless there are no more.
inline constexpr std::size_t kPackingBytes = 4;

// nullptr if they are not packed.
std::unique_ptr<Unpacker> NewUnpackerFor(std::string_view first_bytes);

}  // namespace premura
