// SPDX-License-Identifier: Apache-2.0
// What is particular to the calls of Segment's and RudderStack's libraries:
// names of pages and screens, times of skewed clocks, traits.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "signals/decode_plan.h"
#include "signals/event.h"
#include "signals/json_reader.h"

namespace premura {

enum class Call : std::uint8_t { kEvent, kIdentify, kGroup };
Call CallNamed(std::string_view type);

// The event's name; empty if it has none. A page or screen is
// "page:<name>" or "page"; what is composed is kept in `buffer`.
Value SegmentName(const SegmentSlots& slots, JsonReader* reader,
                  std::string* buffer);

// `timestamp`; else `originalTimestamp`, corrected by how wrong the sender's
// clock was when it sent; never `sentAt` alone. What is not a time is answered
// as it is; kAbsent if there is nothing. A time composed is kept in `buffer`.
Value SegmentTime(const SegmentSlots& slots, JsonReader* reader,
                  std::string* buffer);

// What an identify or group call says. `traits_prefix`: of its own traits.
std::vector<ProfileChange::Entry> SegmentProfile(
    const SegmentSlots& slots, const std::string& traits_prefix,
    JsonReader* reader);

}  // namespace premura
