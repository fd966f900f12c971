// SPDX-License-Identifier: Apache-2.0
// DistinctCounter: how many different texts there were and how often each, in
// bounded memory: of more than `most` it keeps a random part (those whose hash
// ends in so many zero bits), each with its whole count, and answers estimates.
// With n kept the error is about 1 / sqrt(n).
//
// The same texts give the same answers. Thread: one at a time.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace premura {

class DistinctCounter {
 public:
  // REQUIRES: most >= 1.
  explicit DistinctCounter(std::size_t most) : most_(most) {}

  void Add(std::string_view text);

  // Exact if exact(); never more than there were calls of Add().
  std::uint64_t Count() const {
    return std::min<std::uint64_t>(counts_.size() << level_, added_);
  }
  // How many calls of Add() brought a text that had been there before.
  std::uint64_t Repeats() const;
  bool exact() const { return level_ == 0; }
  // How often each of the kept texts came, in ascending order.
  std::vector<std::uint64_t> Counts() const;

 private:
  bool IsKept(std::uint64_t hash) const {
    return (hash & ((std::uint64_t{1} << level_) - 1)) == 0;
  }

  const std::size_t most_;
  std::uint64_t added_ = 0;
  unsigned level_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;  // By hash.
};

}  // namespace premura
