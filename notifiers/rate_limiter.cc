// SPDX-License-Identifier: Apache-2.0
#include "notifiers/rate_limiter.h"

#include <algorithm>
#include <cmath>

namespace premura {

void RateLimiter::Refill(Timestamp now) {
  if (filled_ && now > *filled_) {
    const auto passed = static_cast<double>((now - *filled_).count());
    tokens_ += passed * limit_.count / static_cast<double>(limit_.per.count());
    tokens_ = std::min(tokens_, static_cast<double>(limit_.count));
  }
  filled_ = now;
}

int RateLimiter::Allowed(Timestamp now, int most) {
  if (limit_.count <= 0) return most;
  Refill(now);
  // A thousandth: what rounding takes from a token that is due.
  return std::min(most, static_cast<int>(tokens_ + 0.001));
}

void RateLimiter::Take() {
  if (limit_.count > 0) tokens_ = std::max(0.0, tokens_ - 1);
}

std::optional<Timestamp> RateLimiter::Next(Timestamp now) {
  if (Allowed(now, 1) > 0) return std::nullopt;
  const double per_token =
      static_cast<double>(limit_.per.count()) / limit_.count;
  return now + Duration(static_cast<Duration::rep>(
                   std::ceil((1 - tokens_) * per_token)));
}

}  // namespace premura
