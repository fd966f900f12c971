// SPDX-License-Identifier: Apache-2.0
#include "notifiers/local_times.h"

#include "signals/zones.h"

namespace premura {
namespace {

constexpr std::size_t kDate = 11;  // "2026-11-20 "

}  // namespace

std::string LocalTimes::At(Timestamp at) const {
  if (zone_.empty() && today_ == Timestamp::min()) return FormatUtc(at);
  const std::string zone = zone_.empty() ? "Etc/UTC" : zone_;
  std::string text = FormatLocal(zone, at);
  const std::string instant = FormatInstant(at);  // "..T08:52:07.250Z"
  const std::string seconds = instant.substr(16, 7);
  if (seconds != ":00.000") {
    text += seconds.ends_with(".000") ? seconds.substr(0, 3) : seconds;
  }
  const bool is_today =
      today_ != Timestamp::min() &&
      FormatLocal(zone, today_).substr(0, kDate) == text.substr(0, kDate);
  if (is_today) text.erase(0, kDate);
  return zone_.empty() ? text + " UTC" : text;
}

}  // namespace premura
