// SPDX-License-Identifier: Apache-2.0
// Pieces of an HTML page: text made safe, and bars over time as inline SVG.
// What is drawn is also there as a table.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/time.h"

namespace premura {

// For text and quoted attributes. Control characters, and what turns the
// direction of writing around, are shown as U+FFFD.
std::string HtmlText(std::string_view text);
// The same for a JSON text between script tags: no tag, no line separator.
std::string EscapeJsonInHtml(std::string json);

// "15 Jan 2026 14:00".
std::string FormatMinute(Timestamp at);

// How a period is cut into bars: at most kMostBars, of a width that people
// think in, from a round instant on.
struct TimeAxis {
  static constexpr std::size_t kMostBars = 100;

  Timestamp from{};
  Duration width{};
  std::size_t count = 0;

  static TimeAxis Over(Timestamp first, Timestamp last);
  Timestamp At(std::size_t bar) const {
    return from + width * static_cast<std::int64_t>(bar);
  }
  // "per hour".
  std::string Unit() const;
  // "15 Jan 2026", with the time where bars are shorter than a day.
  std::string Label(std::size_t bar) const;
};

// Stacked from the first on; one colour each: class "c1", "c2", ..
struct BarSeries {
  std::string name;  // "emails"
  std::vector<std::uint64_t> bars;
};

// A figure with its table. `title` says what is counted.
std::string BarChart(const std::string& title, const TimeAxis& axis,
                     const std::vector<BarSeries>& series);

}  // namespace premura
