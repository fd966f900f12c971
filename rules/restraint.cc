// SPDX-License-Identifier: Apache-2.0
#include "rules/restraint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

namespace premura {
namespace {

constexpr int kMinutesOfDay = 24 * 60;
constexpr int kMaxCount = 1000;

// In the order of QuietHours::quiet_days.
constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed",
                                                   "thu", "fri", "sat"};

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<int> ParseWhole(std::string_view text, int max) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (number < 0 || number > max) return std::nullopt;
  return number;
}

// "09:30"; "24:00" too.
std::optional<int> ParseMinute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = ParseWhole(text.substr(0, 2), 24);
  const auto minute = ParseWhole(text.substr(3), 59);
  if (!hour || !minute) return std::nullopt;
  const int of_day = *hour * 60 + *minute;
  if (of_day > kMinutesOfDay) return std::nullopt;
  return of_day;
}

std::optional<QuietHours::Span> ParseSpan(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto from = ParseMinute(Trim(text.substr(0, dash)));
  const auto to = ParseMinute(Trim(text.substr(dash + 1)));
  if (!from || !to || *from == *to) return std::nullopt;
  if (*from == kMinutesOfDay || *to == 0) {
    // "24:00-06:00" and "20:00-00:00" say the same as 00:00 and 24:00.
    QuietHours::Span span{*from % kMinutesOfDay,
                          *to == 0 ? kMinutesOfDay : *to};
    if (span.from_minute == span.to_minute) return std::nullopt;
    return span;
  }
  return QuietHours::Span{*from, *to};
}

bool AddPart(std::string_view part, QuietHours* hours) {
  const auto day = std::find(kDays.begin(), kDays.end(), part);
  if (day != kDays.end()) {
    hours->quiet_days |= 1U << (day - kDays.begin());
    return true;
  }
  const auto span = ParseSpan(part);
  if (span) hours->spans.push_back(*span);
  return span.has_value();
}

// Of a day that is not wholly quiet.
bool IsQuietAt(const QuietHours& hours, int minute) {
  return std::any_of(
      hours.spans.begin(), hours.spans.end(), [&](const auto& span) {
        return span.from_minute < span.to_minute
                   ? minute >= span.from_minute && minute < span.to_minute
                   : minute >= span.from_minute || minute < span.to_minute;
      });
}

// Hours that leave nothing, or the night and not the day.
void WarnOfQuiet(const Node& node, const QuietHours& hours) {
  constexpr int kDay = 24 * 60;
  const auto count = [&](int from, int to) {
    int quiet = 0;
    for (int m = from; m < to; ++m) quiet += IsQuietAt(hours, m) ? 1 : 0;
    return quiet;
  };
  constexpr unsigned kAllDays = (1U << 7) - 1;
  if (hours.quiet_days == kAllDays || count(0, kDay) == kDay) {
    node.Warn("`quiet_hours` are all hours there are: nothing is ever sent",
              "leave the channel out of `actions`, or some hours free");
  } else if (count(10 * 60, 16 * 60) == 6 * 60 && count(0, 5 * 60) == 0) {
    node.Warn(
        "`quiet_hours` are those in which nothing is sent: here it is "
        "sent at night, and not by day",
        "the other way round: \"20:00-09:00\"");
  }
}

// A key that is no channel is a mistake; `any` is one only for caps.
bool CheckChannel(const std::string& name,
                  const std::vector<std::string>& channels, Mapping* mapping) {
  if (std::find(channels.begin(), channels.end(), name) != channels.end()) {
    return true;
  }
  const std::string nearest = Nearest(name, channels);
  mapping->ComplainAtKey(name, fmt::format("unknown channel `{}`", name),
                         nearest.empty()
                             ? "email, sms or ticket"
                             : fmt::format("did you mean `{}`?", nearest));
  return false;
}

// One value for all channels is a mistake.
Mapping ByChannel(const Node& node, std::string_view what,
                  std::string_view example) {
  if (!node || node.kind() == Node::Kind::kMapping) return node.AsMapping(what);
  node.Complain(fmt::format("`{}` is written by channel", what),
                fmt::format("write {}: {}", what, example));
  return {};
}

}  // namespace

std::optional<FrequencyCap> ReadFrequencyCap(const Node& node) {
  const auto text = node.AsText("frequency_cap");
  if (!text) return std::nullopt;
  const std::size_t slash = text->find('/');
  if (slash != text->npos) {
    const auto count =
        ParseWhole(Trim(std::string_view(*text).substr(0, slash)), kMaxCount);
    const auto window =
        ParseDuration(Trim(std::string_view(*text).substr(slash + 1)));
    if (count && *count > 0 && window && *window > Duration(0)) {
      return FrequencyCap{*count, *window};
    }
  }
  node.Complain(fmt::format("`{}` is no frequency cap", *text),
                "a number and a window, for example 2/7d");
  return std::nullopt;
}

std::optional<QuietHours> ReadQuietHours(const Node& node) {
  const auto text = node.AsText("quiet_hours");
  if (!text) return std::nullopt;
  QuietHours hours;
  if (Trim(*text) == "none") return hours;
  std::string_view rest = *text;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view part = Trim(rest.substr(0, comma));
    if (!AddPart(part, &hours)) {
      node.Complain(
          fmt::format("`{}` is neither hours nor a day of the week", part),
          "for example \"20:00-09:00, sat, sun\", or none");
      return std::nullopt;
    }
    if (comma == rest.npos) {
      WarnOfQuiet(node, hours);
      return hours;
    }
    rest.remove_prefix(comma + 1);
  }
}

FrequencyCaps ReadFrequencyCaps(const Node& all) {
  FrequencyCaps caps;
  Mapping mapping = ByChannel(all, "frequency_cap", "{email: 2/7d, sms: 1/7d}");
  for (const auto& [channel, node] : mapping.Entries()) {
    if (!CheckChannel(channel, {"email", "sms", "ticket", "any"}, &mapping)) {
      continue;
    }
    if (const auto cap = ReadFrequencyCap(node)) caps[channel] = *cap;
  }
  return caps;
}

QuietHoursByChannel ReadQuietHoursByChannel(const Node& all) {
  QuietHoursByChannel by_channel;
  Mapping mapping =
      ByChannel(all, "quiet_hours", "{email: none, sms: \"20:00-09:00, sun\"}");
  for (const auto& [channel, node] : mapping.Entries()) {
    if (!CheckChannel(channel, {"email", "sms", "ticket"}, &mapping)) {
      continue;
    }
    if (auto hours = ReadQuietHours(node)) by_channel[channel] = *hours;
  }
  return by_channel;
}

std::string FormatQuietHours(const QuietHours& hours) {
  if (hours.empty()) return "none";
  std::vector<std::string> parts;
  for (const auto& span : hours.spans) {
    parts.push_back(fmt::format("{:02}:{:02}-{:02}:{:02}",
                                span.from_minute / 60, span.from_minute % 60,
                                span.to_minute / 60, span.to_minute % 60));
  }
  // The week as people count it: Monday first.
  for (std::size_t i = 1; i <= kDays.size(); ++i) {
    const std::size_t day = i % kDays.size();
    if (hours.quiet_days & (1U << day)) parts.emplace_back(kDays[day]);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace premura
