// SPDX-License-Identifier: Apache-2.0
// LeftToOthers: what is due of rules that this instance has not, or not live,
// or without their templates, while another instance may have them: in a
// rolling update rules are new here later than there. Where a ledger is not
// shared there is no such thing.
//
// A rule's deliveries are left alone for as long as any other instance runs
// other rules, and for ten minutes from when they are due in any case. After
// that the rule is gone for all, and the gates say so.
//
// Thread: the outreach's.

#pragma once

#include <optional>
#include <set>
#include <string>

#include "notifiers/lease.h"
#include "notifiers/outbox.h"
#include "notifiers/outreach.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

class LeftToOthers {
 public:
  static constexpr Duration kPatience = std::chrono::minutes(10);

  // `shared`: the ledger is. `lease` must outlive it.
  LeftToOthers(bool shared, Lease* lease) : shared_(shared), lease_(lease) {}

  // Whether the delivery, which is due, is left. It is remembered then, with
  // all others of its rule and template.
  Result<bool> Leave(const Delivery& delivery, const OutreachSettings& settings,
                     Timestamp now);

  const std::set<RuleAndTemplate>& left() const { return left_; }
  // When they are to be looked at again; none: there are none.
  std::optional<Timestamp> again_at() const;
  // Forgets them when it is time to, or settings are new.
  void LookAgain(Timestamp now);
  void Clear() { left_.clear(); }

 private:
  const bool shared_;
  Lease* lease_;
  std::set<RuleAndTemplate> left_;
  Timestamp again_at_{};  // Meaningless if left_ is empty.
};

}  // namespace premura
