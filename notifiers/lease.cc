// SPDX-License-Identifier: Apache-2.0
#include "notifiers/lease.h"

namespace premura {

bool Lease::Holds() const {
  if (!database_->shared()) return true;
  return kept_at_ && boottime_() - *kept_at_ < term_.held();
}

void Lease::Run(const std::string& fingerprint) {
  if (fingerprint == rules_) return;
  rules_ = fingerprint;
  rules_told_ = false;
}

Status Lease::Keep() {
  if (!database_->shared()) return {};
  const Duration now = boottime_();
  if (kept_at_ && rules_told_ && now - *kept_at_ < term_.beat()) return {};
  if (auto status = Beat(); !status.ok()) return status;
  kept_at_ = now;
  rules_told_ = true;
  return Look();
}

// The first number is one that nobody remembers from before.
Status Lease::Beat() {
  return database_->Run(
      "insert into instances (name, beat, term, rules) values (?, ?, ?, ?) "
      "on conflict (name) do update set beat = instances.beat + 1, "
      "term = excluded.term, rules = excluded.rules",
      {instance_, static_cast<std::int64_t>(boottime_().count()),
       static_cast<std::int64_t>(term_.whole.count()), rules_});
}

Status Lease::Confirm() {
  if (!database_->shared()) return {};
  bool there = false;
  auto status =
      database_->Run("select 1 from instances where name = ? for share",
                     {instance_}, [&there](const SqlRow&) {
                       there = true;
                       return false;
                     });
  if (!status.ok() || there) return status;
  kept_at_.reset();
  return Error{"another instance has taken this one for gone"};
}

// Who could not look for a while knows nothing of that while: when the ledger
// comes back, all begin anew.
Status Lease::Look() {
  const Duration now = boottime_();
  if (looked_at_ && now - *looked_at_ >= term_.held()) others_.clear();
  std::map<std::string, Seen> found;
  auto status = database_->Run(
      "select name, beat, term from instances where name <> ?", {instance_},
      [&](const SqlRow& row) {
        const std::string name(row.Text(0));
        Seen seen{row.Int(1), Duration(row.Int(2)), now};
        const auto known = others_.find(name);
        if (known != others_.end() && known->second.beat == seen.beat) {
          seen.since = known->second.since;
        }
        found.emplace(name, seen);
        return true;
      });
  if (!status.ok()) return status;
  others_ = std::move(found);
  looked_at_ = now;
  return {};
}

std::vector<std::string> Lease::Gone() const {
  std::vector<std::string> gone;
  if (others_.empty()) return gone;
  const Duration now = boottime_();
  for (const auto& [name, seen] : others_) {
    if (now - seen.since >= seen.term) gone.push_back(name);
  }
  return gone;
}

Result<bool> Lease::TakeOver(const std::string& gone) {
  const auto found = others_.find(gone);
  if (found == others_.end()) return false;
  auto status =
      database_->Run("delete from instances where name = ? and beat = ?",
                     {gone, found->second.beat});
  if (!status.ok()) return status.error();
  // If the transaction fails, the next look brings it back; from anew, which is
  // the safe side.
  others_.erase(found);
  return database_->Changes() == 1;
}

Result<bool> Lease::OthersRunOtherRules() {
  bool others = false;
  auto status = database_->Run(
      "select 1 from instances where name <> ? and rules <> ? limit 1",
      {instance_, rules_}, [&](const SqlRow&) {
        others = true;
        return false;
      });
  if (!status.ok()) return status.error();
  return others;
}

}  // namespace premura
