// SPDX-License-Identifier: Apache-2.0
// Figures counted in a sample, and how far chance may have moved them: 95 %
// intervals that stay sensible for small numbers, 0 % and 100 %.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/time.h"

namespace premura {

struct Interval {
  double low = 0;
  double high = 0;
};

// `part` of `whole`. REQUIRES: part <= whole, and whole > 0 to ask for more.
struct Share {
  std::uint64_t part = 0;
  std::uint64_t whole = 0;

  double value() const;
  // Wilson's score interval: E. B. Wilson, "Probable inference, the law of
  // succession, and statistical inference", JASA 22 (1927), 209-212.
  Interval interval() const;
};

struct Ratio {
  double value = 0;
  double low = 0;
  std::optional<double> high;  // nullopt: no bound can be told.
};

// How many times `share` is `base`, taken as independent of each other (if one
// is part of the other, the interval is wider than need be). Made of their
// Wilson intervals by MOVER-R: R. G. Newcombe, "MOVER-R confidence intervals
// for ratios and products of two independently estimated quantities", Stat.
// Methods Med. Res. 25 (2016), 1774-1778. nullopt where there is nothing to
// divide by.
std::optional<Ratio> RatioOf(const Share& share, const Share& base);

struct Quantile {
  Duration value{};
  // nullopt: there are too few to tell.
  std::optional<Duration> low, high;
};

// Of the nearest rank; the interval lies between the order statistics of ranks
// nq -+ z sqrt(nq(1-q)): W. J. Conover, "Practical Nonparametric Statistics",
// 3rd ed. (1999), 3.2. REQUIRES: sorted, 0 < q < 1. nullopt: it is empty.
std::optional<Quantile> QuantileOf(const std::vector<Duration>& sorted,
                                   double q);

}  // namespace premura
