// SPDX-License-Identifier: Apache-2.0
#include "notifiers/known_profiles.h"

#include <optional>
#include <unordered_set>
#include <utility>

namespace premura {

Result<std::shared_ptr<const Profile>> KnownProfiles::Get(
    const std::string& customer) {
  auto known = store_->Get(customer);
  if (!ledger_->database()->shared()) return known;
  auto facts = ledger_->ReadProfile(customer);
  if (!facts.ok()) return facts.error();
  if (facts.value() == known->from_events()) return known;
  return std::shared_ptr<const Profile>(
      std::make_shared<Profile>(known->from_file(), std::move(facts).value()));
}

Status KnownProfiles::Write(const std::vector<ProfileChange>& changes) {
  const bool shared = ledger_->database()->shared();
  // Where it is shared, what the store holds may lack what others wrote.
  std::optional<ProfileStore> merged;
  if (shared) merged.emplace();
  std::unordered_set<std::string> seen;
  std::vector<std::string> customers;
  for (const ProfileChange& change : changes) {
    const bool first = seen.insert(change.customer).second;
    if (first) customers.push_back(change.customer);
    if (!shared) continue;
    if (first) {
      auto facts = ledger_->ReadProfile(change.customer);
      if (!facts.ok()) return facts.error();
      merged->Restore(change.customer, std::move(facts).value());
    }
    merged->Merge(change);
  }
  for (const std::string& customer : customers) {
    // The shard has merged it already; what stands there now is written.
    const auto profile = shared ? merged->Get(customer) : store_->Get(customer);
    auto status = ledger_->PutProfile(customer, profile->from_events());
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace premura
