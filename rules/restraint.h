// SPDX-License-Identifier: Apache-2.0
// What limits contacts, as written in the configuration and (tighter) in a
// rule: frequency caps and quiet hours. Reading only; notifiers/ applies them.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/document.h"
#include "rules/time.h"

namespace premura {

// `2/7d`: at most `count` in any rolling window of `window`.
struct FrequencyCap {
  int count = 0;
  Duration window{};
};

// `"20:00-09:00, sat, sun"`: quiet from..to every day (over midnight where
// from > to) and the whole of the listed days. In the customer's time zone.
struct QuietHours {
  struct Span {
    int from_minute = 0;  // Of the day, 0..1439.
    int to_minute = 0;    // 1..1440, exclusive; below from: over midnight.
  };
  std::vector<Span> spans;
  unsigned quiet_days = 0;  // Bit 0 is Sunday, as in std::chrono::weekday.

  bool empty() const { return spans.empty() && quiet_days == 0; }
};

// By channel ("email", "sms", "ticket", or "any" for a cap).
using FrequencyCaps = std::map<std::string, FrequencyCap>;
using QuietHoursByChannel = std::map<std::string, QuietHours>;

std::optional<FrequencyCap> ReadFrequencyCap(const Node& node);
std::optional<QuietHours> ReadQuietHours(const Node& node);  // `none` is empty
// Of values by channel. A default Node has none.
FrequencyCaps ReadFrequencyCaps(const Node& node);
QuietHoursByChannel ReadQuietHoursByChannel(const Node& node);

// "20:00-09:00, sat, sun", "none".
std::string FormatQuietHours(const QuietHours& hours);

}  // namespace premura
