// SPDX-License-Identifier: Apache-2.0
// The short notation of events in tests of rules:
//
//   TIME[..LAST/STEP] CUSTOMER EVENT [FIELD=VALUE ..] [#ID]
//
// "0m..9m/3m anna page_viewed page=/billing/card" is four events. A value is
// JSON where it can be (12, true, null, "with spaces", [1, 2]), else text,
// but for what begins with a quote or a bracket, which has to be JSON; a dotted
// field is nested. Times count from the start of the test. A customer or an
// event whose name has spaces is written in quotes, as JSON: "Checkout
// Started", "12\" screen".

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"

namespace premura {

struct NotedEvent {
  Duration at{};
  std::string name;
  std::string record;  // JSON of the `plain` preset.
};

// `start` is what times count from.
Result<std::vector<NotedEvent>> ReadNotedEvents(const std::string& text,
                                                Timestamp start);

// "90m", or of several units, the largest first: "2d12h30m". And so it is
// written.
std::optional<Duration> ParseOffset(std::string_view text);
std::string FormatOffset(Duration offset);

// A line's words, which spaces divide, but for those inside quotes and
// brackets; these must be closed.
Result<std::vector<std::string>> NotedWords(const std::string& text);
// Without the quotes around it, if it has any and is JSON.
std::string Unquoted(const std::string& word);

// A JSON value for what a person has written without quotes.
std::string JsonOfText(const std::string& text);

}  // namespace premura
