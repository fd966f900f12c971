// SPDX-License-Identifier: Apache-2.0
// Log: one line per thing that happened, as JSON or text, on standard error.
// Addresses in messages and fields are masked; what may come in floods is
// limited per event, and the next line says how many were left out.
//
// Thread-safe.

#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config.h"
#include "notifiers/clock.h"

namespace premura {

class Log {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError };
  using Fields = std::vector<std::pair<std::string_view, std::string>>;

  virtual ~Log() = default;

  // `event` is a word of a closed set ("reload_failed"), for searching.
  virtual void Write(Level level, std::string_view event,
                     std::string_view message, const Fields& fields = {}) = 0;
  // At most ten lines of the same event in ten seconds.
  virtual void WriteLimited(Level level, std::string_view event,
                            std::string_view message,
                            const Fields& fields = {}) = 0;
};

// `out` nullptr is standard error. `clock` must outlive it.
std::unique_ptr<Log> NewLog(const LogConfig& config, const Clock* clock,
                            std::ostream* out = nullptr);

}  // namespace premura
