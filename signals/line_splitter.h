// SPDX-License-Identifier: Apache-2.0
// LineSplitter: the lines of a ByteReader. A line of any length needs no more
// memory than the longest that is allowed.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "signals/byte_reader.h"

namespace premura {

class LineSplitter {
 public:
  LineSplitter(std::unique_ptr<ByteReader> bytes, std::size_t max_line);

  // kBytes: `line` holds the next line, without its end ("\n" or "\r\n"), cut
  // at max_line + 1 bytes; it lives until the next call. Waits at most `wait`.
  Result<ByteReader::State> Next(std::string_view* line, Duration wait);
  void Interrupt() { bytes_->Interrupt(); }
  std::optional<double> Done() const { return bytes_->Done(); }

 private:
  void Keep(std::string_view part);
  ByteReader::State Give(std::string_view whole, std::string_view* line) const;

  std::unique_ptr<ByteReader> bytes_;
  const std::size_t max_line_;
  std::string_view rest_;  // Of the chunk at hand.
  std::string begun_;      // A line whose end has not come yet.
  bool open_ = false;      // There is such a line.
  bool given_ = false;     // begun_ was handed out and is done with.
};

}  // namespace premura
