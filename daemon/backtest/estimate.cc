// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/estimate.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace premura {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % of the normal distribution.

}  // namespace

double Share::value() const {
  assert(whole > 0);
  return static_cast<double>(part) / static_cast<double>(whole);
}

Interval Share::interval() const {
  const double n = static_cast<double>(whole);
  const double p = value();
  const double middle = p + kZ * kZ / (2 * n);
  const double half = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  // At the ends the bound is the share itself; rounding must not say else.
  return {part == 0 ? 0 : (middle - half) / scale,
          part == whole ? 1 : (middle + half) / scale};
}

std::optional<Ratio> RatioOf(const Share& share, const Share& base) {
  if (share.whole == 0 || base.whole == 0 || base.part == 0) {
    return std::nullopt;
  }
  const double p = share.value();
  const double q = base.value();
  const Interval of_p = share.interval();
  const Interval of_q = base.interval();
  // Both bounds solve a quadratic; `low` is written so that it divides by
  // nothing that may be 0.
  const auto root = [&](double product) {
    return std::sqrt(std::max(0.0, p * p * q * q - product));
  };
  const double low_over = of_p.low * (2 * p - of_p.low);
  const double low_under = of_q.high * (2 * q - of_q.high);
  const double high_over = of_p.high * (2 * p - of_p.high);
  const double high_under = of_q.low * (2 * q - of_q.low);
  Ratio ratio;
  ratio.value = p / q;
  if (low_over > 0) {
    ratio.low = low_over / (p * q + root(low_over * low_under));
  }
  if (high_under > 0) {
    ratio.high = (p * q + root(high_over * high_under)) / high_under;
  }
  return ratio;
}

std::optional<Quantile> QuantileOf(const std::vector<Duration>& sorted,
                                   double q) {
  assert(q > 0 && q < 1);
  if (sorted.empty()) return std::nullopt;
  const double n = static_cast<double>(sorted.size());
  const auto at_rank = [&](double rank) -> std::optional<Duration> {
    if (rank < 1 || rank > n) return std::nullopt;
    return sorted[static_cast<std::size_t>(rank) - 1];
  };
  const double spread = kZ * std::sqrt(n * q * (1 - q));
  return Quantile{*at_rank(std::clamp(std::ceil(n * q), 1.0, n)),
                  at_rank(std::floor(n * q - spread)),
                  at_rank(std::ceil(n * q + spread) + 1)};
}

}  // namespace premura
