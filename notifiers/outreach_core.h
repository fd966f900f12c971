// SPDX-License-Identifier: Apache-2.0
// OutreachCore: all that Outreach does, without a thread or a clock of its own:
// whoever drives it calls Pump() when something came or time has passed.
//
// Thread: one at a time. Answers of channels may come on any thread; `wake` is
// then called there.

#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "notifiers/answers.h"
#include "notifiers/courier.h"
#include "notifiers/decider.h"
#include "notifiers/known_profiles.h"
#include "notifiers/lease.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"

namespace premura {

class OutreachCore {
 public:
  Ledger* ledger() { return ledger_.get(); }

  // As NewOutreach(), with a ledger that is open already; options.ledger is
  // not looked at. `now` is the time of the start.
  static Result<std::unique_ptr<OutreachCore>> Open(
      const OutreachOptions& options, std::unique_ptr<Ledger> ledger,
      std::shared_ptr<const OutreachSettings> settings, ProfileStore* profiles,
      OutreachObserver* observer, std::function<void()> wake, Timestamp now);
  ~OutreachCore();

  // As Outreach has it.
  Status RestoreProfiles(ProfileStore* profiles);
  void Submit(ShardOutput output, std::function<void()> durable);
  void Use(std::shared_ptr<const OutreachSettings> settings, Timestamp now);
  // From now on no call is begun; what came is still written.
  void StopSending() { sending_ = false; }

  // Does what is to be done at `now`. Answers when it wants to be called again
  // at the latest; `now` or earlier: at once.
  Timestamp Pump(Timestamp now);

  // When the next call may be due; nullopt: nothing waits for its time.
  Result<std::optional<Timestamp>> NextSend(Timestamp now) {
    return courier_.NextDue(now);
  }

  // Nothing is left to be written and no call runs.
  bool idle() const { return inbox_.empty() && courier_.running() == 0; }
  const OutreachHealth& health() const { return health_; }

 private:
  struct Submitted {
    ShardOutput output;
    std::function<void()> durable;
  };

  OutreachCore(const OutreachOptions& options, std::unique_ptr<Ledger> ledger,
               const ProfileStore* profiles, OutreachObserver* observer,
               std::function<void()> wake);

  Status Start(std::shared_ptr<const OutreachSettings> settings, Timestamp now);
  Status CheckState(const OutreachOptions& options);
  Status Round(Timestamp now);
  Status Send(Timestamp now);
  Status TakeOverFromGone(Timestamp now);
  Status PollSwitch(Timestamp now);
  Status ReadSwitch(Timestamp now);
  Status TakeInbox(Timestamp now);
  bool InboxWaits(Timestamp now) const;
  std::vector<std::string> CustomersOf(std::size_t count) const;
  Status WriteInbox(std::size_t count, Timestamp now, Told* told);
  Status ForgetOld(Timestamp now);
  Status LookAtHealth(Timestamp now);
  Result<Timestamp> NextRound(Timestamp now);
  Timestamp OnLedgerFailure(const Error& error, Timestamp now);

  const OutreachOptions options_;
  std::unique_ptr<Ledger> ledger_;
  Outbox outbox_;
  Lease lease_;
  KnownProfiles profiles_;
  Decider decider_;
  std::shared_ptr<Answers> answers_;
  Courier courier_;
  OutreachObserver* observer_;
  std::shared_ptr<const OutreachSettings> settings_;

  std::deque<Submitted> inbox_;
  std::optional<Timestamp> wrote_at_;  // And left something.
  Timestamp inbox_again_at_{};         // While calls run: not before.
  StopAll stop_all_;
  bool sending_ = true;
  Timestamp poll_at_{};
  Timestamp forget_at_{};
  Timestamp count_at_{};
  Timestamp count_for_person_at_{};
  Timestamp ledger_again_at_{};  // After a failure: not before.
  OutreachHealth health_;
};

}  // namespace premura
