// SPDX-License-Identifier: Apache-2.0
#include "notifiers/quiet_hours.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "notifiers/gate.h"
#include "notifiers/text.h"
#include "signals/customer_zone.h"
#include "signals/zones.h"

namespace premura {
namespace {

constexpr std::size_t kMostCharacters = 60;

bool Covers(const QuietHours::Span& span, int minute) {
  if (span.from_minute < span.to_minute) {
    return minute >= span.from_minute && minute < span.to_minute;
  }
  return minute >= span.from_minute || minute < span.to_minute;
}

bool IsQuietAt(const QuietHours& hours, const LocalTime& local) {
  if ((hours.quiet_days >> local.weekday & 1U) != 0) return true;
  return std::any_of(
      hours.spans.begin(), hours.spans.end(),
      [&](const auto& span) { return Covers(span, local.minute); });
}

// The times of day at which it may stop being quiet.
std::set<int> Ends(std::span<const QuietHours> hours) {
  std::set<int> ends = {0};
  for (const QuietHours& one : hours) {
    for (const auto& span : one.spans) ends.insert(span.to_minute % 1440);
  }
  return ends;
}

std::string WhyNoZone(const Profile* profile) {
  for (const char* path : kZonePaths) {
    if (profile == nullptr) break;
    const std::string zone = OneLine(profile->Text(path));
    if (zone.empty()) continue;
    return fmt::format("`{}` is no time zone",
                       CutCharacters(zone, kMostCharacters));
  }
  return "no time zone is known of this customer";
}

}  // namespace

std::string ZoneOf(const Profile* profile, const RestraintPolicy& policy) {
  std::string zone = profile == nullptr ? "" : ZoneOf(*profile);
  if (!zone.empty()) return zone;
  return IsKnownZone(policy.timezone_missing) ? policy.timezone_missing : "";
}

bool IsQuiet(std::span<const QuietHours> hours, const std::string& zone,
             Timestamp at) {
  const LocalTime local = ToLocal(zone, at);
  return std::any_of(hours.begin(), hours.end(), [&](const QuietHours& one) {
    return IsQuietAt(one, local);
  });
}

std::optional<Timestamp> QuietUntil(std::span<const QuietHours> hours,
                                    const std::string& zone, Timestamp at) {
  const std::set<int> ends = Ends(hours);
  // What repeats by the week and is quiet for one, changes of the clock
  // included, is quiet for ever.
  const Timestamp limit = at + std::chrono::days(9);
  while (at < limit) {
    if (!IsQuiet(hours, zone, at)) return at;
    Timestamp next = limit;
    for (const int minute : ends) {
      next = std::min(next, NextTimeOfDay(zone, at, minute));
    }
    at = next;
  }
  return std::nullopt;
}

GateAnswer QuietHoursGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  auto hours = Binding(question.policy.quiet_hours, candidate.rule_quiet_hours,
                       candidate.critical, candidate.channel);
  std::erase_if(hours, [](const QuietHours& one) { return one.empty(); });
  if (hours.empty()) return std::nullopt;
  const std::string zone = ZoneOf(candidate.profile, question.policy);
  if (zone.empty() && candidate.released) return std::nullopt;
  if (zone.empty()) {
    return Hold(Reason::kTimezoneMissing, std::nullopt,
                WhyNoZone(candidate.profile));
  }
  const auto until = QuietUntil(hours, zone, question.earliest);
  if (until == question.earliest) return std::nullopt;
  std::string words = zone;
  for (const QuietHours& one : hours) words += ": " + FormatQuietHours(one);
  return Hold(Reason::kQuietHours, until, std::move(words));
}

}  // namespace premura
