// SPDX-License-Identifier: Apache-2.0
// What RecordWriter and RecordReader agree on.

#pragma once

#include <cstdint>

#include "signals/instants.h"

namespace premura {

inline constexpr unsigned char kRecordVersion = 1;

// A time is the distance from the one before, above the codes of what is none.
inline constexpr std::uint64_t kNeverCode = 0;
inline constexpr std::uint64_t kUnseenCode = 1;
inline constexpr std::uint64_t kTimeCodes = 2;
// Between two that are no farther from 1970 than this no distance overflows.
inline constexpr Duration kFarthest{(std::int64_t{1} << 62) - 1};

}  // namespace premura
