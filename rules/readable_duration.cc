// SPDX-License-Identifier: Apache-2.0
#include "rules/readable_duration.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace premura {

std::string ReadableDuration(Duration duration) {
  static constexpr std::pair<const char*, std::int64_t> kUnits[] = {
      {"d", 86'400'000},
      {"h", 3'600'000},
      {"m", 60'000},
      {"s", 1000},
      {"ms", 1}};
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string words = rest < 0 ? "-" : "";
  const char* blank = "";
  for (const auto& [unit, size] : kUnits) {
    const std::int64_t count = rest < 0 ? -(rest / size) : rest / size;
    rest %= size;
    if (count == 0) continue;
    words += fmt::format("{}{}{}", blank, count, unit);
    blank = " ";
  }
  return words;
}

}  // namespace premura
