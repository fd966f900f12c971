// SPDX-License-Identifier: Apache-2.0
// SimulatedContacts: the contacts that rules in simulation would have made, in
// the ledger. They start cooldowns and take places under caps as real ones do,
// but only in the eyes of rules in simulation, which see the real ones too: so
// what they say they would do is what they would do, and no live rule is ever
// held back by what did not happen.
//
// One that a higher priority would displace keeps its place.
//
// Thread: that of its Ledger. Writes belong to the caller's transaction.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "notifiers/database.h"
#include "notifiers/gates.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

struct SimulatedContactRecord {
  std::string detection;
  int action = 0;  // Place among the rule's actions.
  std::string rule;
  std::string customer;
  std::string channel;
  int priority = 0;
  Timestamp detected_at{};
  Timestamp at{};  // When it would have gone out, at the earliest.
};

class SimulatedContacts {
 public:
  explicit SimulatedContacts(Database* database) : database_(database) {}

  Status Add(const SimulatedContactRecord& contact);
  // When the newest would have gone out.
  Result<std::optional<Timestamp>> LastOfRule(const std::string& rule,
                                              const std::string& customer);
  // Later than `since`; those that `now` has not reached are waiting.
  Result<std::vector<Contact>> Of(const std::string& customer,
                                  ContactScope scope, Timestamp since,
                                  Timestamp now);

 private:
  Database* database_;
};

}  // namespace premura
