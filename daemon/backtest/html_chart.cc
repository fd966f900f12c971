// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/html_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "daemon/terminal/text_table.h"
#include "notifiers/template_html.h"

namespace premura {
namespace {

using std::chrono::floor;

// Of the drawing, in its own units.
constexpr int kWidth = 960;
constexpr int kHeight = 240;
constexpr int kLeft = 56;  // Room for numbers,
constexpr int kRight = 12;
constexpr int kTop = 12;
constexpr int kBottom = 28;  // and for dates.
constexpr int kPlotWidth = kWidth - kLeft - kRight;
constexpr int kPlotHeight = kHeight - kTop - kBottom;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

struct Step {
  std::int64_t ms;
  const char* unit;
};
constexpr Step kSteps[] = {
    {kMinute, "minute"},          {5 * kMinute, "5 minutes"},
    {15 * kMinute, "15 minutes"}, {kHour, "hour"},
    {3 * kHour, "3 hours"},       {6 * kHour, "6 hours"},
    {12 * kHour, "12 hours"},     {kDay, "day"},
    {7 * kDay, "week"},           {28 * kDay, "4 weeks"},
    {182 * kDay, "26 weeks"},     {364 * kDay, "52 weeks"},
    {3640 * kDay, "520 weeks"}};

std::string FormatDay(Timestamp at) {
  static constexpr std::array<const char*, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun",
      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day day(floor<std::chrono::days>(at));
  return fmt::format("{} {} {}", static_cast<unsigned>(day.day()),
                     kMonths[static_cast<unsigned>(day.month()) - 1],
                     static_cast<int>(day.year()));
}

// The characters of UTF-8 that reorder what stands around them: U+200E, F,
// U+202A to E, U+2066 to 9.
bool TurnsAround(std::string_view three) {
  if (three.size() < 3 || three[0] != '\xe2') return false;
  const auto second = static_cast<unsigned char>(three[1]);
  const auto third = static_cast<unsigned char>(three[2]);
  if (second == 0x80) {
    return third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae);
  }
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

// Not far above `most`, and round; a quarter of it is round and whole too.
std::uint64_t NiceTop(std::uint64_t most) {
  for (std::uint64_t ten = 1;; ten *= 10) {
    for (const unsigned quarter : {1U, 2U, 3U, 4U, 5U, 6U, 8U}) {
      if (4 * quarter * ten >= most) return 4 * quarter * ten;
    }
  }
}

std::string Grid(std::uint64_t top) {
  std::string svg;
  for (int i = 0; i <= 4; ++i) {
    const int y = kTop + kPlotHeight - kPlotHeight * i / 4;
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>"
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
        kLeft, kWidth - kRight, y, y, kLeft - 8, y + 4,
        Grouped(top * static_cast<std::uint64_t>(i) / 4));
  }
  return svg;
}

double X(const TimeAxis& axis, std::size_t bar) {
  return kLeft + static_cast<double>(kPlotWidth) * static_cast<double>(bar) /
                     static_cast<double>(axis.count);
}

std::string Dates(const TimeAxis& axis) {
  constexpr std::size_t kDates = 6;
  const std::size_t each = (axis.count + kDates - 1) / kDates;
  std::string svg;
  for (std::size_t bar = 0; bar < axis.count; bar += each) {
    const double x = X(axis, bar);
    const bool room = x < kWidth - 110;
    if (!room && bar > 0) break;
    svg += fmt::format(
        "<line class=\"tick\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" "
        "y2=\"{2}\"/><text x=\"{0:.1f}\" y=\"{3}\">{4}</text>",
        x, kHeight - kBottom, kHeight - kBottom + 5, kHeight - 8,
        axis.Label(bar));
  }
  return svg;
}

std::uint64_t SumAt(const std::vector<BarSeries>& series, std::size_t bar) {
  std::uint64_t sum = 0;
  for (const BarSeries& one : series) sum += one.bars[bar];
  return sum;
}

// One bar, with what it says when pointed at.
std::string Bar(const TimeAxis& axis, const std::vector<BarSeries>& series,
                std::size_t bar, std::uint64_t top) {
  const double left = X(axis, bar);
  const double gap = axis.count > 60 ? 0.5 : 1.5;
  const double width = std::max(0.5, X(axis, bar + 1) - left - gap);
  double y = kTop + kPlotHeight;
  std::string svg;
  std::string words;
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::uint64_t value = series[i].bars[bar];
    if (value == 0) continue;
    // What is there is seen, however little.
    const double height =
        std::max(1.0, kPlotHeight * static_cast<double>(value) /
                          static_cast<double>(top));
    y -= height;
    svg += fmt::format(
        "<rect class=\"c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\"/>",
        i + 1, left, y, width, height);
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", series[i].name,
                         Grouped(value));
  }
  if (svg.empty()) return svg;
  return fmt::format("<g><title>{}: {}</title>{}</g>", axis.Label(bar), words,
                     svg);
}

std::string Table(const TimeAxis& axis, const std::vector<BarSeries>& series) {
  std::string html =
      "<details><summary>As a table</summary><div class=\"scroll\" "
      "tabindex=\"0\"><table><thead><tr><th scope=\"col\">From (UTC)</th>";
  for (const BarSeries& one : series) {
    html += fmt::format("<th scope=\"col\" class=\"n\">{}</th>", one.name);
  }
  html += "</tr></thead><tbody>";
  for (std::size_t bar = 0; bar < axis.count; ++bar) {
    if (SumAt(series, bar) == 0) continue;
    html += fmt::format("<tr><th scope=\"row\">{}</th>", axis.Label(bar));
    for (const BarSeries& one : series) {
      html += fmt::format("<td class=\"n\">{}</td>", Grouped(one.bars[bar]));
    }
    html += "</tr>";
  }
  return html + "</tbody></table></div></details>";
}

std::string Legend(const std::vector<BarSeries>& series) {
  if (series.size() < 2) return "";
  std::string html = "<p class=\"legend\">";
  for (std::size_t i = 0; i < series.size(); ++i) {
    html += fmt::format(
        "<span><svg class=\"key\" viewBox=\"0 0 10 10\" aria-hidden=\"true\">"
        "<rect class=\"c{}\" width=\"10\" height=\"10\"/></svg> {}</span>",
        i + 1, series[i].name);
  }
  return html + "</p>";
}

}  // namespace

std::string HtmlText(std::string_view text) {
  static constexpr std::string_view kShownAs = "\xef\xbf\xbd";
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 0 && c < ' ') || c == '\x7f') {
      clean += c == '\n' || c == '\t' ? std::string_view(" ") : kShownAs;
    } else if (TurnsAround(text.substr(i, 3))) {
      clean += kShownAs;
      i += 2;
    } else {
      clean += c;
    }
  }
  return EscapeHtml(clean);
}

std::string EscapeJsonInHtml(std::string json) {
  std::string html;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i, 3);
    if (json[i] == '<' || json[i] == '>' || json[i] == '&') {
      html += fmt::format("\\u{:04x}", json[i]);
    } else if (rest == "\xe2\x80\xa8" || rest == "\xe2\x80\xa9" ||
               TurnsAround(rest)) {
      html += "\\ufffd";
      i += 2;
    } else {
      html += json[i];
    }
  }
  return html;
}

std::string FormatMinute(Timestamp at) {
  const auto of_day =
      floor<std::chrono::minutes>(at) - floor<std::chrono::days>(at);
  return fmt::format("{} {:02}:{:02}", FormatDay(at), of_day.count() / 60,
                     of_day.count() % 60);
}

TimeAxis TimeAxis::Over(Timestamp first, Timestamp last) {
  TimeAxis axis;
  for (const Step& step : kSteps) {
    axis.width = Duration(step.ms);
    // Weeks begin on Monday; the first day of the epoch was a Thursday.
    const Duration shift(step.ms % (7 * kDay) == 0 ? 3 * kDay : 0);
    const auto round = [&](Timestamp at) {
      const Duration since = at.time_since_epoch() + shift;
      return since - (since % axis.width + axis.width) % axis.width;
    };
    axis.from = Timestamp(round(first) - shift);
    axis.count =
        static_cast<std::size_t>((round(last) - round(first)) / axis.width) + 1;
    if (axis.count <= kMostBars) break;
  }
  return axis;
}

std::string TimeAxis::Unit() const {
  for (const Step& step : kSteps) {
    if (step.ms == width.count()) return fmt::format("per {}", step.unit);
  }
  return "";
}

std::string TimeAxis::Label(std::size_t bar) const {
  return width < Duration(kDay) ? FormatMinute(At(bar)) : FormatDay(At(bar));
}

std::string BarChart(const std::string& title, const TimeAxis& axis,
                     const std::vector<BarSeries>& series) {
  std::uint64_t most = 0;
  std::string bars;
  for (std::size_t bar = 0; bar < axis.count; ++bar) {
    most = std::max(most, SumAt(series, bar));
  }
  const std::uint64_t top = NiceTop(most);
  for (std::size_t bar = 0; bar < axis.count; ++bar) {
    bars += Bar(axis, series, bar, top);
  }
  return fmt::format(
      "<figure><figcaption>{} {}</figcaption>{}<div class=\"scroll\" "
      "tabindex=\"0\"><svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" "
      "aria-label=\"{} {}, at most {}; the table below has the numbers\">"
      "{}{}{}</svg></div>{}</figure>",
      title, axis.Unit(), Legend(series), kWidth, kHeight, title, axis.Unit(),
      Grouped(most), Grid(top), bars, Dates(axis), Table(axis, series));
}

}  // namespace premura
