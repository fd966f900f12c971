// SPDX-License-Identifier: Apache-2.0
#include "notifiers/backoff.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/digest.h"

namespace premura {
namespace {

constexpr Duration kLongestAskedFor = std::chrono::hours(1);

}  // namespace

Duration Backoff(Duration first, Duration most, int retries,
                 std::string_view key, std::optional<Duration> retry_after) {
  Duration wait = first;
  for (int i = 1; i < retries && wait < most; ++i) wait *= 2;
  wait = std::min(wait, most);
  const double share =
      UnitInterval("backoff", key, fmt::format("{}", retries)) / 2;
  wait += Duration(
      static_cast<Duration::rep>(static_cast<double>(wait.count()) * share));
  if (!retry_after) return wait;
  return std::max(wait, std::min(*retry_after, kLongestAskedFor));
}

}  // namespace premura
