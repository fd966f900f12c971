// SPDX-License-Identifier: Apache-2.0
// What events have said of a customer, and when.
//
// Of two events that say something of one path, that holds which is later by
// its own time, in whatever order they come: what is read again after a crash,
// or comes late, takes nothing back that has been said since. At one time it is
// the one that comes last; of consents, the one that permits less.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/event.h"

namespace premura {

// Of one customer.
inline constexpr std::size_t kMaxProfilePathBytes = 256;
inline constexpr std::size_t kMaxProfileValueBytes = 4096;  // Of JSON.
inline constexpr std::size_t kMaxProfilePaths = 256;
inline constexpr std::size_t kMaxProfileBytes = std::size_t{64} << 10;

struct Said {
  std::string json = "null";        // Scalar or list.
  Timestamp at = Timestamp::min();  // Unset (the least): nobody knows when.

  // It was taken away: remembered, so that an earlier word does not bring it
  // back.
  bool is_gone() const { return json == "null"; }
  friend bool operator==(const Said&, const Said&) = default;
};
using SaidByEvents = std::map<std::string, Said, std::less<>>;  // By path.

// Applies what an event said, as far as there is room; answers how many of its
// values found none. For consents there is as much room again: what was said of
// them must not be crowded out. One that finds none all the same becomes a
// refusal of everything.
std::size_t MergeSaid(const ProfileChange& change, SaidByEvents* said);

// In bytes that outlive the process. Never empty.
std::string PackSaid(const SaidByEvents& said);
Result<SaidByEvents> UnpackSaid(std::string_view record);

}  // namespace premura
