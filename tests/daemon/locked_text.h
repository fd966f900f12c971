// SPDX-License-Identifier: Apache-2.0
// A stream that several threads may write to while a test reads it.

#pragma once

#include <mutex>
#include <ostream>
#include <streambuf>
#include <string>

namespace premura {

class LockedText : private std::streambuf {
 public:
  std::ostream* stream() { return &stream_; }
  std::string str() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  int_type overflow(int_type c) override {
    const std::lock_guard lock(mutex_);
    if (c != traits_type::eof()) text_ += traits_type::to_char_type(c);
    return traits_type::not_eof(c);
  }
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    const std::lock_guard lock(mutex_);
    text_.append(bytes, static_cast<std::size_t>(count));
    return count;
  }

  mutable std::mutex mutex_;
  std::string text_;
  std::ostream stream_{this};
};

}  // namespace premura
