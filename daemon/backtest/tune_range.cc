// SPDX-License-Identifier: Apache-2.0
// `gte=3..8`: the values of a range.

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

#include "daemon/backtest/tune.h"
#include "rules/number.h"
#include "rules/time.h"

namespace premura {
namespace {

// Millionths: what is written with a point is met exactly.
constexpr std::int64_t kScale = 1'000'000;
constexpr double kLargest = 1e12;

// One end of a range, or its step.
struct Place {
  enum class Kind { kNumber, kShare, kDuration };
  Kind kind = Kind::kNumber;
  std::int64_t at = 0;  // In millionths; of durations in milliseconds.
  bool whole = true;
  std::int64_t unit = kScale;  // The default step.
};

std::int64_t UnitOf(std::string_view duration) {
  const auto unit = duration.substr(duration.find_first_not_of("0123456789"));
  return ParseDuration("1" + std::string(unit))->count();
}

std::optional<Place> ParsePlace(std::string_view text) {
  if (const auto duration = ParseDuration(text)) {
    return Place{Place::Kind::kDuration, duration->count(), true, UnitOf(text)};
  }
  Place place;
  if (text.ends_with('%')) {
    place.kind = Place::Kind::kShare;
    text.remove_suffix(1);
  }
  const auto number = ParseNumber(text);
  if (!number || std::abs(number->AsDouble()) > kLargest) return std::nullopt;
  place.at = std::llround(number->AsDouble() * static_cast<double>(kScale));
  place.whole = place.at % kScale == 0;
  return place;
}

std::string Write(const Place& place, std::int64_t at) {
  if (place.kind == Place::Kind::kDuration) {
    return FormatDuration(Duration(at));
  }
  const double value = static_cast<double>(at) / static_cast<double>(kScale);
  return fmt::format(
      "{}{}",
      at % kScale == 0 ? fmt::to_string(at / kScale) : fmt::format("{}", value),
      place.kind == Place::Kind::kShare ? "%" : "");
}

Error WrongRange(const std::string& text, const std::string& why) {
  return Error{
      fmt::format("`--tune` has `{}`, {}: write gte=3..8, or "
                  "within=5m..30m..5m",
                  text, why)};
}

// Splits `a..b..c` into its pieces.
std::vector<std::string_view> Pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t end; (end = text.find("..")) != text.npos;) {
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end + 2);
  }
  pieces.push_back(text);
  return pieces;
}

}  // namespace

Result<TuneRange> ParseTuneRange(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    return WrongRange(text, "which is no PARAM=FROM..TO");
  }
  const auto pieces = Pieces(std::string_view(text).substr(equals + 1));
  if (pieces.size() < 2 || pieces.size() > 3) {
    return WrongRange(text, "which is no range");
  }
  std::array<Place, 3> places;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto place = ParsePlace(pieces[i]);
    if (!place) {
      return WrongRange(text, fmt::format("in which `{}` is no number and no "
                                          "duration",
                                          pieces[i]));
    }
    if (place->kind != places[0].kind && i > 0) {
      return WrongRange(text, "which mixes numbers, shares and durations");
    }
    places[i] = *place;
  }
  const auto& [from, to, given] = places;
  std::int64_t step =
      pieces.size() == 3 ? given.at : std::min(from.unit, to.unit);
  if (pieces.size() == 2 && !(from.whole && to.whole)) {
    return WrongRange(text, "which needs a step");
  }
  if (step <= 0) return WrongRange(text, "whose step is not above 0");
  if (from.at > to.at) return WrongRange(text, "which runs downwards");
  const std::int64_t count = (to.at - from.at) / step + 1;
  if (count > static_cast<std::int64_t>(kMostTuned)) {
    return WrongRange(text, fmt::format("which is {} backtests, of at most {}",
                                        count, kMostTuned));
  }
  TuneRange range;
  range.parameter = text.substr(0, equals);
  for (std::int64_t at = from.at; at <= to.at; at += step) {
    range.values.push_back(Write(from, at));
  }
  return range;
}

}  // namespace premura
