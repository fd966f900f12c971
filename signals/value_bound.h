// SPDX-License-Identifier: Apache-2.0
// ValueBound: what rules are shown of a value. One customer's events must not
// fill the memory of all: a window keeps up to 10,000 of them.
//
// Of a text longer than kMost, and of a number with as many digits, its begin
// and a digest of the whole: two that differ still differ. Of a list the first
// elements that kMost has room for. A longer object is there, and empty.
//
// Thread: one at a time.

#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "rules/value.h"

namespace premura {

class ValueBound {
 public:
  static constexpr std::size_t kMost = 4096;   // Bytes.
  static constexpr std::size_t kBegin = 4000;  // Of a longer one.

  // Views into `value`, and here until Clear().
  Value Of(const Value& value);
  void Clear() {
    texts_.clear();
    lists_.clear();
  }

 private:
  std::string_view Short(std::string_view text);
  Value ShortList(const Value& list);

  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> lists_;
};

// The begin of a UTF-8 text, at most so many bytes, no character torn.
std::string_view BeginOf(std::string_view text, std::size_t bytes);

}  // namespace premura
