// SPDX-License-Identifier: Apache-2.0
// Courier: takes what is due from the outbox to the channels and writes down
// what became of it.
//
// Order, so that nothing is lost and doubt is known as doubt: `sending`, with
// the message, is durable before the call; the answer is durable before anybody
// is told. Answers that cannot be written yet are kept.
//
// Thread: the outreach's. Opens transactions of its own.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "notifiers/answers.h"
#include "notifiers/known_profiles.h"
#include "notifiers/lease.h"
#include "notifiers/ledger.h"
#include "notifiers/left_to_others.h"
#include "notifiers/outbox.h"
#include "notifiers/outlet.h"
#include "notifiers/outreach.h"
#include "notifiers/told.h"

namespace premura {

// A call without an answer is given up after this long: well past the end of
// any (Lease::CallEnd()), for an answer that comes later is not heard.
constexpr Duration kSilence = std::chrono::minutes(10);

class Courier {
 public:
  // All must outlive it.
  Courier(Ledger* ledger, Outbox* outbox, Lease* lease, KnownProfiles* profiles,
          OutreachObserver* observer, std::shared_ptr<Answers> answers)
      : ledger_(ledger),
        outbox_(outbox),
        lease_(lease),
        left_(ledger->database()->shared(), lease),
        profiles_(profiles),
        observer_(observer),
        answers_(std::move(answers)) {}

  // What this instance was sending when its last process ended is unknown now;
  // whom it was looking for is looked for at once.
  Status RecoverOwn(const RetryPolicy& policy, Timestamp now);
  // The same of another instance, in the caller's transaction.
  Status Recover(const std::string& owner, const RetryPolicy& policy,
                 Timestamp now);
  void Use(std::shared_ptr<const OutreachSettings> settings, Timestamp now);

  // Much has become due at once: lanes are looked at again, for what is due in
  // one that nobody serves to say so.
  void LookAtLanes() { lanes_changed_ = true; }

  // The three steps of a round. Each is one transaction; after a failure it may
  // be called again and loses nothing.
  Status TakeAnswers(Timestamp now);
  Status Tidy(Timestamp now);
  Status Send(Timestamp now, bool stop_all);
  void Check(Timestamp now);

  // When a round is needed even if nothing comes. Reads the ledger.
  Result<std::optional<Timestamp>> NextDue(Timestamp now);
  std::size_t running() const { return calls_.size(); }

 private:
  enum class What { kDeliver, kFind };
  struct Call {
    What what = What::kDeliver;
    Delivery delivery;
    Delivery before;  // As it was when its turn came.
    Message message;
    std::string outlet;
    std::shared_ptr<Channel> channel;  // Lives until it has answered.
    Timestamp started{};
  };
  // A call that has been answered, on its way into the ledger.
  struct Answered {
    std::uint64_t id = 0;
    const Call* call = nullptr;
    Outcome outcome;
    Delivery after;
  };

  Status EndAbandoned(const std::vector<Delivery>& deliveries, Timestamp now);
  // What was written down as begun and was not: nobody has been called.
  Status PutBack(Timestamp now);
  void GiveUpOnSilence(Timestamp now);
  Status WriteAnswers(std::vector<Answered>* answered, Timestamp now);
  Status WriteAnswer(const Answered& answered, Timestamp now);
  void Conclude(const Answered& answered, Timestamp now);
  void ConcludeCheck(const CheckAnswer& answer, Timestamp now);
  void MarkUnusable(Outlet* outlet, const CheckResult& why, Timestamp now);
  Status TidyLanes(Timestamp now);
  // What is due in a lane without a channel says so.
  Status MarkUnserved(Timestamp now);
  Status WriteOutlets(Timestamp now);
  // Those that no configuration knows any more.
  Status RemoveOutlets();

  Status SendFrom(Outlet* outlet, Timestamp now, bool stop_all,
                  std::vector<Call>* calls, Told* told);
  // Those of an outlet that are due and not left to others.
  Result<std::vector<Delivery>> DueHere(const Outlet& outlet, Timestamp now,
                                        int most);
  Status PrepareDue(Outlet* outlet, Delivery delivery, Timestamp now,
                    bool stop_all, std::vector<Call>* calls, Told* told);
  Status PrepareDoubtful(Outlet* outlet, Delivery delivery,
                         const Verdict& verdict, Timestamp now,
                         std::vector<Call>* calls, Told* told);
  Status Begin(Outlet* outlet, What what, Delivery delivery, Timestamp now,
               std::vector<Call>* calls, Told* told);
  Status Fail(const Error& error, Timestamp now, Delivery* delivery,
              Told* told);
  Result<Verdict> AskGates(const Delivery& delivery, Timestamp now,
                           bool stop_all);
  // True: the mail waits, and is saved so.
  Result<bool> WaitForTicket(const std::vector<Delivery>& of_case,
                             Timestamp now, Delivery* delivery, Told* told);
  // Fills in delivery->message. False: it was put off or failed, and saved.
  Result<bool> Compose(Delivery* delivery, Timestamp now, Told* told);
  Status PutOff(const Verdict& verdict, Timestamp now, Delivery* delivery,
                Told* told);
  void Start(Call call);

  Ledger* ledger_;
  Outbox* outbox_;
  Lease* lease_;
  LeftToOthers left_;
  KnownProfiles* profiles_;
  OutreachObserver* observer_;
  std::shared_ptr<Answers> answers_;
  std::shared_ptr<const OutreachSettings> settings_;
  std::map<std::string, Outlet> outlets_;  // By name, which is the lane's too.
  std::map<std::string, std::shared_ptr<Breaker>> breakers_;  // By host.
  std::map<std::uint64_t, Call> calls_;                       // That run.
  std::uint64_t next_call_ = 1;
  std::vector<Call> unbegun_;  // To be put back.
  Timestamp busy_until_{};     // Of what another instance has in hand.
  std::vector<Answer> taken_;  // Not in the ledger yet.
  // Lanes whose due deliveries are to say why they wait.
  std::map<std::string, Reason> to_mark_;
  // Lanes whose check says that what was refused was not a delivery's fault.
  std::set<std::string> to_excuse_;
  bool lanes_changed_ = false;
  std::optional<Timestamp> unserved_again_;  // Some lane has no channel.
  std::set<std::string> outlets_changed_;
  std::set<std::string> outlets_gone_;
};

}  // namespace premura
