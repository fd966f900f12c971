// SPDX-License-Identifier: Apache-2.0
// Lease: an instance's right to begin calls, where several share a ledger, and
// how they notice that one of them is gone.
//
// Each raises its number in the ledger every few seconds: a beat, with the term
// that it lives by. Whoever sees a number stand still for that term, by its own
// clock, takes that instance to be gone and what it was sending to be in doubt;
// nobody compares clocks. The instance itself keeps within its term, whatever
// stops it meanwhile:
//
//   beat      |--.--.--.- - - - - - - - - - - - - - - - - -|
//   calls may begin   |held|
//   .. and all that they do has ended          |call|
//   others take over                                       |term
//
// So nothing is asked for that is still on its way. The ends are looked at
// again right before each request (TransferRequest::end), by a clock that runs
// on while process or machine sleep.
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

#include "notifiers/boottime.h"
#include "notifiers/database.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

// How a term is dealt out.
struct LeaseTerm {
  static constexpr Duration kDefault = std::chrono::seconds(60);
  static constexpr Duration kShortest = std::chrono::seconds(10);
  static constexpr Duration kLongest = std::chrono::minutes(10);

  Duration whole = kDefault;
  Duration beat() const { return whole / 12; }
  Duration held() const { return whole / 4; }      // After the last beat.
  Duration call() const { return whole * 2 / 3; }  // After its begin.
};

class Lease {
 public:
  // `instance` is this one's name, and no other's that lives. `boottime` as
  // Boottime().
  Lease(Database* database, std::string instance, LeaseTerm term,
        std::function<Duration()> boottime)
      : database_(database),
        instance_(std::move(instance)),
        term_(term),
        boottime_(std::move(boottime)) {}

  // The rules that this instance runs from now on: told with the next beat,
  // which then does not wait for its time.
  void Run(const std::string& fingerprint);

  // Beats and looks at the others, when it is time to. REQUIRES: no
  // transaction is open.
  Status Keep();
  // Whether a call may begin now; asked right before it.
  bool Holds() const;
  // When a call that begins now must have ended, by `boottime`.
  Duration CallEnd() const { return boottime_() + term_.call(); }

  // In the caller's transaction: until its end nobody takes this instance for
  // gone. Fails if one has; with the next beat it is back.
  Status Confirm();

  // Whose calls are nobody's any more.
  std::vector<std::string> Gone() const;
  // In the caller's transaction: false if another has done so, or it is back.
  // Until the end of the transaction it cannot come back.
  Result<bool> TakeOver(const std::string& gone);

  // Whether another instance runs other rules than this one, as the ledger has
  // it now.
  Result<bool> OthersRunOtherRules();

  const std::string& instance() const { return instance_; }

 private:
  struct Seen {
    std::int64_t beat = 0;
    Duration term{};
    Duration since{};  // The number has stood there.
  };

  Status Beat();
  Status Look();

  Database* database_;
  const std::string instance_;
  const LeaseTerm term_;
  const std::function<Duration()> boottime_;
  std::string rules_;
  bool rules_told_ = false;
  std::optional<Duration> kept_at_;  // Before the last beat that was written.
  std::optional<Duration> looked_at_;
  std::map<std::string, Seen> others_;
};

}  // namespace premura
