// SPDX-License-Identifier: Apache-2.0
#include "signals/zones.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <map>
#include <sstream>

namespace premura {
namespace {

const date::time_zone* Locate(const std::string& zone) {
  if (zone.empty()) return nullptr;
  try {
    return date::locate_zone(zone);
  } catch (const std::exception&) {
    return nullptr;
  }
}

date::local_time<Duration> LocalOf(const std::string& zone, Timestamp at) {
  return Locate(zone)->to_local(at);
}

// The first instant after `after` that shows `local`. One that the clock jumps
// over is the instant of the jump.
std::optional<Timestamp> FirstShowing(const date::time_zone& zone,
                                      date::local_time<Duration> local,
                                      Timestamp after) {
  const date::local_info info = zone.get_info(local);
  const Timestamp once{local.time_since_epoch() - info.first.offset};
  if (info.result == date::local_info::nonexistent) {
    const Timestamp jump{info.first.end.time_since_epoch()};
    if (jump > after) return jump;
    return std::nullopt;
  }
  if (once > after) return once;
  if (info.result == date::local_info::ambiguous) {
    const Timestamp again{local.time_since_epoch() - info.second.offset};
    if (again > after) return again;
  }
  return std::nullopt;
}

// Lines of "IT\t+4154+01229\tEurope/Rome"; empty: several zones.
std::map<std::string, std::string> ReadCountries() {
  std::map<std::string, std::string> zones;
  std::ifstream file("/usr/share/zoneinfo/zone.tab");
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string country, place, zone;
    if (line.starts_with('#') || !(fields >> country >> place >> zone)) {
      continue;
    }
    const auto [known, first] = zones.emplace(country, zone);
    if (!first) known->second.clear();
  }
  return zones;
}

const std::map<std::string, std::string>& Countries() {
  static const std::map<std::string, std::string> countries = ReadCountries();
  return countries;
}

std::string CodeOf(std::string country) {
  for (char& c : country) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return country;
}

}  // namespace

bool IsKnownZone(const std::string& zone) { return Locate(zone) != nullptr; }

bool IsCountry(const std::string& country) {
  return Countries().empty() || Countries().contains(CodeOf(country));
}

std::string ZoneOfCountry(const std::string& country) {
  const auto found = Countries().find(CodeOf(country));
  if (found == Countries().end() || !IsKnownZone(found->second)) return "";
  return found->second;
}

LocalTime ToLocal(const std::string& zone, Timestamp at) {
  const auto local = LocalOf(zone, at);
  const auto day = date::floor<date::days>(local);
  const auto minute = std::chrono::floor<std::chrono::minutes>(local - day);
  return LocalTime{static_cast<int>(minute.count()),
                   date::weekday(day).c_encoding()};
}

Timestamp NextTimeOfDay(const std::string& zone, Timestamp at, int minute) {
  const date::time_zone* located = Locate(zone);
  const Timestamp change{located->get_info(at).end.time_since_epoch()};
  const auto today = date::floor<date::days>(LocalOf(zone, at));
  for (int days = 0;; ++days) {
    const auto local = today + date::days(days) + std::chrono::minutes(minute);
    const auto showing = FirstShowing(*located, local, at);
    if (showing) return std::min(*showing, change);
  }
}

Timestamp StartOfDay(const std::string& zone, std::chrono::sys_days day) {
  const date::local_days local(day.time_since_epoch());
  const date::local_info info = Locate(zone)->get_info(local);
  if (info.result == date::local_info::nonexistent) {
    return Timestamp{info.first.end.time_since_epoch()};
  }
  return Timestamp{local.time_since_epoch() - info.first.offset};
}

std::string FormatLocal(const std::string& zone, Timestamp at) {
  const auto local = LocalOf(zone, at);
  const auto day = date::floor<date::days>(local);
  const date::year_month_day ymd(day);
  const auto minute = std::chrono::floor<std::chrono::minutes>(local - day);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", int(ymd.year()),
                     unsigned(ymd.month()), unsigned(ymd.day()),
                     minute.count() / 60, minute.count() % 60);
}

std::string FormatUtc(Timestamp at) {
  std::string text = FormatInstant(at).substr(0, 19) + " UTC";
  text[10] = ' ';
  return text;
}

}  // namespace premura
