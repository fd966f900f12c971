// SPDX-License-Identifier: Apache-2.0
// Outbox: the deliveries in the ledger and their attempts.
//
// A delivery is looked at when its due_at has come; one without (held until
// something changes, final, or unknown and a person's turn) never by itself.
//
// Thread: that of its Ledger. Writes belong to the caller's transaction.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "notifiers/database.h"
#include "notifiers/delivery.h"
#include "notifiers/gates.h"
#include "notifiers/reason.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

// Of those of one state.
struct WaitForPerson {
  std::size_t count = 0;
  Timestamp since{};  // Of the one that has waited longest.
};

struct Attempt {
  std::string delivery;
  int number = 0;
  std::string what;  // "deliver" | "find"
  Timestamp started{};
  std::optional<Timestamp> ended;
  std::string verdict;  // Outcome::Verdict's word; "" while it runs.
  Reason reason = Reason::kNone;
  std::string detail;
};

// What a delivery's message is made by.
using RuleAndTemplate = std::pair<std::string, std::string>;

class Outbox {
 public:
  // `contact_at` of one that waits: later than any window's start.
  static constexpr std::int64_t kNotYet =
      kStillToCome.time_since_epoch().count();

  explicit Outbox(Database* database) : database_(database) {}

  Status Add(const Delivery& delivery);
  // Writes how it stands.
  Status Save(const Delivery& delivery);
  // The same after a call of its owner's, unless the delivery has gone on
  // without it: a call has been begun since, or instead, by another, or what it
  // has come to is known.
  Status SaveAnswer(const Delivery& delivery);
  // The same of one that is waiting, if it still is.
  Status SaveWaiting(const Delivery& delivery);

  Result<std::optional<Delivery>> Find(const std::string& key);
  // The same, to change it: nobody else does before the transaction ends.
  Result<std::optional<Delivery>> Take(const std::string& key);
  Result<std::vector<Delivery>> OfDetection(const std::string& detection);
  // Those of a lane whose time has come, oldest first, but for those that
  // another instance has in hand and those of `but` rules: to be changed.
  Result<std::vector<Delivery>> Due(const std::string& lane, Timestamp now,
                                    int most,
                                    const std::set<RuleAndTemplate>& but = {});
  // When the next of a lane is due, of `but` rules aside.
  Result<std::optional<Timestamp>> NextDue(
      const std::string& lane, const std::set<RuleAndTemplate>& but = {});
  // When the one was due that has waited longest past its time.
  Result<std::optional<Timestamp>> OldestDue(Timestamp now);
  // Those that are being sent, and those in doubt whose look-up has not been
  // answered; by one instance, or, with "", by any.
  Result<std::vector<Delivery>> BeingSent(const std::string& owner);
  Result<std::vector<Delivery>> BeingAsked(const std::string& owner);
  // Of one rule, those that are waiting (IsWaiting()); no instance takes them
  // up before the transaction ends.
  Result<std::vector<Delivery>> WaitingOf(const std::string& rule, int most);
  // Those that NeedsPerson(), longest waiting first.
  Result<std::vector<Delivery>> ForPerson(int most);

  // What counts for frequency caps: contacts later than `since` and those that
  // wait, in the order in which they were decided.
  Result<std::vector<Contact>> Contacts(const std::string& customer,
                                        ContactScope scope, Timestamp since);
  // When the last contact by this rule was, or may have been; kStillToCome if
  // one waits.
  Result<std::optional<Timestamp>> LastContact(const std::string& rule,
                                               const std::string& customer);
  // Those of a rule and customer that may still go out or be repeated.
  Result<std::vector<Delivery>> Open(const std::string& rule,
                                     const std::string& customer);
  // Rule and customer of all such.
  Result<std::vector<std::pair<std::string, std::string>>> OpenPairs();
  // The same of these customers.
  Result<std::vector<std::pair<std::string, std::string>>> OpenPairs(
      const std::set<std::string>& customers);
  // Of one being sent or in doubt: no further call delivers it. Save() leaves
  // this as it is, so that the answer to a call does not undo it.
  Status CancelCall(const std::string& key, const std::string& event);

  // Makes held ones due: those of one reason, of one customer (of all if
  // empty).
  Status Release(Reason reason, const std::string& customer, Timestamp now);
  // The mails that wait for it, if it is a ticket: they need not any longer.
  Status ReleaseMailsOf(const Delivery& ticket, Timestamp now);
  // Makes those due that were held without end for this reason.
  Status ReleaseStuck(Reason reason, Timestamp now);
  // Holds what is due in a lane by now, for the ledger to say why it waits; it
  // stays due.
  Status MarkDue(const std::string& lane, Timestamp now, Reason reason);
  // What `owner` was refused by a lane's channel was the channel's fault: it is
  // due, as if it had not been tried.
  Status Excuse(const std::string& lane, const std::string& owner,
                Timestamp now);
  // What is open in a lane, also what is held without an end.
  Status MoveLane(const std::string& from, const std::string& to);

  Result<std::set<std::string>> Lanes();
  // How many of those there are, by state, and since when.
  Result<std::map<std::string, WaitForPerson>> CountForPerson();
  // By DeliveryState's word, those that are not final (and unknown).
  Result<std::map<std::string, std::size_t>> CountOpen();

  Status StartAttempt(const Attempt& attempt);
  // Of `owner`'s; not while another goes on with one of the same number that it
  // has begun instead.
  Status EndAttempt(const Attempt& attempt, const std::string& owner);

 private:
  Result<std::optional<Delivery>> FindOne(const std::string& key,
                                          std::string_view lock);
  Status SaveWhere(const Delivery& delivery, std::string_view condition,
                   std::vector<SqlValue> values);
  // " and (rule, template) not in (..)", with its values at the end of
  // `values`.
  static std::string NoneOf(const std::set<RuleAndTemplate>& left,
                            std::vector<SqlValue>* values);
  Result<std::vector<Delivery>> Select(std::string_view sql,
                                       const std::vector<SqlValue>& values);
  Database* database_;
};

}  // namespace premura
