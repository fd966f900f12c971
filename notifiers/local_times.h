// SPDX-License-Identifier: Apache-2.0
// LocalTimes: instants for a reader, by the clock on the customer's wall; where
// the zone is not known, in UTC, which is then written to each.

#pragma once

#include <string>
#include <utility>

#include "rules/time.h"

namespace premura {

class LocalTimes {
 public:
  // `zone` is known, or empty.
  explicit LocalTimes(std::string zone, Timestamp today = Timestamp::min())
      : zone_(std::move(zone)), today_(today) {}

  // "2026-11-20 09:52", with seconds where they are not 0; on the day of
  // `today`, if that is given, without the date.
  std::string At(Timestamp at) const;
  // "Europe/Rome", "UTC"
  const char* zone() const { return zone_.empty() ? "UTC" : zone_.c_str(); }

 private:
  std::string zone_;
  Timestamp today_;
};

}  // namespace premura
