// SPDX-License-Identifier: Apache-2.0
// Lease: an instance's right to begin calls, where several share a ledger, and
// how they notice that one of them is gone.
//
// Each raises its number in the ledger every few seconds: a beat. Whoever sees
// a number stand still for kGone, by its own clock, takes that instance to be
// gone and what it was sending to be in doubt; nobody compares clocks. Who
// could not beat for kHeld begins no call. Between the two lies more than the
// longest call takes (kSilence), so nothing is asked for that is still on its
// way.
//
// A ledger that is not shared needs none of this: the lease always holds.
//
// Thread: the outreach's.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "notifiers/database.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

class Lease {
 public:
  static constexpr Duration kBeat = std::chrono::seconds(5);
  static constexpr Duration kHeld = std::chrono::seconds(20);
  static constexpr Duration kGone = std::chrono::seconds(660);

  // `instance` is this one's name, and no other's that lives. `boottime` runs
  // on while the machine sleeps and is never put back.
  Lease(Database* database, std::string instance,
        std::function<Duration()> boottime)
      : database_(database),
        instance_(std::move(instance)),
        boottime_(std::move(boottime)) {}

  // Beats and looks at the others, when it is time to. REQUIRES: no
  // transaction is open.
  Status Keep();
  // Whether a call may begin now; asked right before it.
  bool Holds() const;

  // Whose calls are nobody's any more.
  std::vector<std::string> Gone() const;
  // In the caller's transaction: false if another has done so, or it is back.
  // Until the end of the transaction it cannot come back.
  Result<bool> TakeOver(const std::string& gone);

  const std::string& instance() const { return instance_; }

 private:
  struct Seen {
    std::int64_t beat = 0;
    Duration since{};  // The number has stood there.
  };

  Status Beat();
  Status Look();

  Database* database_;
  const std::string instance_;
  const std::function<Duration()> boottime_;
  std::optional<Duration> kept_at_;  // Before the last beat that was written.
  std::map<std::string, Seen> others_;
};

// Of this machine.
Duration Boottime();

}  // namespace premura
