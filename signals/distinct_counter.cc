// SPDX-License-Identifier: Apache-2.0
#include "signals/distinct_counter.h"

#include <algorithm>
#include <functional>

namespace premura {

void DistinctCounter::Add(std::string_view text) {
  ++added_;
  const std::uint64_t hash = std::hash<std::string_view>()(text);
  if (!IsKept(hash)) return;
  ++counts_[hash];
  while (counts_.size() > most_) {
    ++level_;
    std::erase_if(counts_,
                  [this](const auto& entry) { return !IsKept(entry.first); });
  }
}

std::uint64_t DistinctCounter::Repeats() const {
  std::uint64_t repeats = 0;
  for (const auto& [_, count] : counts_) repeats += count - 1;
  return repeats << level_;
}

std::vector<std::uint64_t> DistinctCounter::Counts() const {
  std::vector<std::uint64_t> counts;
  counts.reserve(counts_.size());
  for (const auto& [_, count] : counts_) counts.push_back(count);
  std::sort(counts.begin(), counts.end());
  return counts;
}

}  // namespace premura
