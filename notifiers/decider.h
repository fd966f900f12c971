// SPDX-License-Identifier: Apache-2.0
// Decider: from what shards found to decisions and deliveries in the ledger.
//
// Thread: the outreach's. Writes belong to the caller's transaction.

#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "notifiers/known_profiles.h"
#include "notifiers/ledger.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"
#include "notifiers/told.h"

namespace premura {

// How long a mail waits for the number of the ticket of the same case.
constexpr Duration kTicketPatience = std::chrono::minutes(2);

// A ticket of the case is being opened or will be tried by `until`.
bool AwaitsTicket(const std::vector<Delivery>& of_case, Timestamp until);

class Decider {
 public:
  // All must outlive it.
  Decider(Ledger* ledger, Outbox* outbox, KnownProfiles* profiles,
          std::string installation)
      : ledger_(ledger),
        outbox_(outbox),
        profiles_(profiles),
        installation_(std::move(installation)) {}

  // Learns from the ledger what is open. Call once, first.
  Status Load();

  struct Circumstances {
    const OutreachSettings* settings = nullptr;
    bool stop_all = false;
    Timestamp now{};
  };
  Status Take(const ShardOutput& output, const Circumstances& circumstances,
              Told* told);
  // The transaction is durable.
  void OnCommitted();
  void OnRolledBack() { idle_.clear(); }

 private:
  struct Case;

  Status TakeDetection(const Detection& detection, const ShardOutput& output,
                       const Circumstances& circumstances, Told* told);
  Status Gather(Case* c);
  Status GatherContacts(ContactScope scope, Case* c);
  Verdict DecideAction(const Action& action, Case* c);
  Delivery MakeDelivery(const Action& action, int index, const Verdict& verdict,
                        const Case& c) const;
  Status Write(Case* c, Told* told);
  Status Displace(const Delivery& winner, const std::string& key, Timestamp now,
                  Told* told);
  Status Cancel(const Cancellation& cancellation, Timestamp now, Told* told);
  Status TakeBack(Delivery delivery, const std::string& event, Timestamp now,
                  Told* told);
  Result<bool> IsOfGroup(const Delivery& delivery,
                         const Cancellation& cancellation);
  Status TakeProfiles(const ShardOutput& output, Timestamp now);

  Ledger* ledger_;
  Outbox* outbox_;
  KnownProfiles* profiles_;
  std::string installation_;
  // Rule and customer of what is open and may be cancelled, so that a flood of
  // cancellations that concern nothing costs nothing. May hold more than is
  // open, never less.
  std::unordered_set<std::string> waiting_;
  std::vector<std::string> idle_;  // To be taken out of it once committed.
};

}  // namespace premura
