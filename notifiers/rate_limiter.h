// SPDX-License-Identifier: Apache-2.0
// RateLimiter: so many calls to a provider per time, as a token bucket.
//
// Thread: one at a time. Time is an argument; it may leap back.

#pragma once

#include <optional>

#include "rules/time.h"

namespace premura {

// `10/1s`, per channel: towards the provider, not the customer.
struct RateLimit {
  int count = 0;  // 0: none.
  Duration per{};

  bool operator==(const RateLimit&) const = default;
};

class RateLimiter {
 public:
  explicit RateLimiter(RateLimit limit)
      : limit_(limit), tokens_(static_cast<double>(limit.count)) {}

  const RateLimit& limit() const { return limit_; }
  // How many calls may be begun now, at most `most`.
  int Allowed(Timestamp now, int most);
  // REQUIRES: Allowed() was at least 1.
  void Take();
  // When a call may be begun; none: now.
  std::optional<Timestamp> Next(Timestamp now);

 private:
  void Refill(Timestamp now);

  RateLimit limit_;
  double tokens_;
  std::optional<Timestamp> filled_;
};

}  // namespace premura
