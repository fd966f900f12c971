// SPDX-License-Identifier: Apache-2.0
// ByteReader: the bytes of a file or of standard input, unpacked if they are
// gzip or zstd; which of these is seen by how they begin, not by the name.
//
// Thread: one at a time, but for Interrupt().

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/time.h"

namespace premura {

class ByteReader {
 public:
  enum class State : std::uint8_t { kBytes, kEnd, kNotYet };
  struct Chunk {
    State state = State::kEnd;
    std::string_view bytes{};  // Live until the next call.
  };

  virtual ~ByteReader() = default;
  // Waits at most `wait` for the next bytes. Fails if they cannot be read or
  // unpacked, or end in the middle of something packed.
  virtual Result<Chunk> Read(Duration wait) = 0;
  // From any thread: makes a waiting Read() return soon.
  virtual void Interrupt() = 0;
  // How much of the file has been read, 0 to 1; nullopt if nobody knows.
  virtual std::optional<double> Done() const = 0;
};

inline constexpr Duration kForever = Duration::max();

// "-" is standard input.
Result<std::unique_ptr<ByteReader>> OpenBytes(const std::string& path);

// All of it; fails beyond `max_bytes`, and for what is no regular file: one who
// waits for the whole could wait for good.
Result<std::string> ReadAllBytes(const std::string& path,
                                 std::size_t max_bytes);

}  // namespace premura
