// SPDX-License-Identifier: Apache-2.0
// Log: one line per thing that happened, as JSON or text, on standard error.
// Addresses in messages and fields are masked; what may come in floods is
// limited per event, and the next line says how many were left out.
//
// Thread-safe.

#pragma once

#include <concepts>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/config/config.h"
#include "notifiers/clock.h"

namespace premura {

class Log {
 public:
  enum class Level { kDebug, kInfo, kWarning, kError };

  // A text, or a whole number, which is one in JSON too.
  class Value {
   public:
    Value(std::string text) : text_(std::move(text)) {}
    Value(std::string_view text) : text_(text) {}
    Value(const char* text) : text_(text) {}
    template <std::integral N>
    Value(N number) : text_(std::to_string(number)), is_number_(true) {}
    const std::string& text() const { return text_; }
    bool is_number() const { return is_number_; }

   private:
    std::string text_;
    bool is_number_ = false;
  };
  using Fields = std::vector<std::pair<std::string_view, Value>>;

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
