// SPDX-License-Identifier: Apache-2.0
// OpenCases: the rules and customers of which something may still be cancelled,
// so that a flood of cancellations that concern nothing costs nothing. May hold
// more than is open, never less, and at most twice as much for long.
//
// Of a ledger that is shared only what the customers at hand have is known, as
// long as they are locked: others open cases too.
//
// Thread: the outreach's.

#pragma once

#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include "notifiers/outbox.h"
#include "rules/result.h"
#include "signals/detection.h"

namespace premura {

class OpenCases {
 public:
  // Up to so many are not worth a look at the ledger.
  static constexpr std::size_t kFew = 10'000;

  // `outbox` must outlive it. `shared`: its ledger is.
  OpenCases(Outbox* outbox, bool shared) : outbox_(outbox), shared_(shared) {}

  // Learns from the ledger what is open. REQUIRES: no transaction is open.
  Status Load();
  // The same, where that would forget something worth it.
  Status Tidy();

  // Before cancellations of these customers are taken. REQUIRES: a transaction
  // is open, and if the ledger is shared they are locked.
  Status LookAt(const std::vector<Cancellation>& cancellations);

  bool MayBeOpen(const std::string& rule, const std::string& customer) const;
  void Add(const std::string& rule, const std::string& customer);
  // Nothing is open: forgotten once the transaction is durable.
  void Drop(const std::string& rule, const std::string& customer);
  void OnCommitted();
  void OnRolledBack() { dropped_.clear(); }

  std::size_t size() const { return open_.size(); }

 private:
  Outbox* const outbox_;
  const bool shared_;
  std::unordered_set<std::string> open_;  // Of pairs.
  std::unordered_set<std::string> dropped_;
  std::size_t tidy_at_ = kFew;
};

}  // namespace premura
