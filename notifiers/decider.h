// SPDX-License-Identifier: Apache-2.0
// Decider: from what shards found to decisions and deliveries in the ledger.
//
// Thread: the outreach's. Writes belong to the caller's transaction.

#pragma once

#include <string>

#include "notifiers/known_profiles.h"
#include "notifiers/ledger.h"
#include "notifiers/open_cases.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"
#include "notifiers/told.h"

namespace premura {

class Decider {
 public:
  // All must outlive it.
  Decider(Ledger* ledger, Outbox* outbox, KnownProfiles* profiles,
          std::string installation)
      : ledger_(ledger),
        outbox_(outbox),
        profiles_(profiles),
        installation_(std::move(installation)),
        open_(outbox, ledger->database()->shared()) {}

  // Learns from the ledger what is open. Call once, first.
  Status Load() { return open_.Load(); }

  struct Circumstances {
    const OutreachSettings* settings = nullptr;
    bool stop_all = false;
    Timestamp now{};
  };
  Status Take(const ShardOutput& output, const Circumstances& circumstances,
              Told* told);
  // The transaction is durable.
  void OnCommitted() { open_.OnCommitted(); }
  void OnRolledBack() { open_.OnRolledBack(); }
  // Forgets what is open no more. REQUIRES: no transaction is open.
  Status Tidy() { return open_.Tidy(); }

 private:
  struct Case;

  Status TakeDetection(const ShardOutput& output, std::size_t place,
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
  OpenCases open_;  // Of rules with `cancel_on`.
};

}  // namespace premura
