// SPDX-License-Identifier: Apache-2.0
#include "notifiers/known_profiles.h"

#include <map>
#include <utility>

#include "signals/said.h"

namespace premura {

Result<std::shared_ptr<const Profile>> KnownProfiles::Get(
    const std::string& customer) {
  auto known = store_->Get(customer);
  auto said = ledger_->ReadProfile(customer);
  if (!said.ok()) return said.error();
  if (said.value() == known->from_events()) return known;
  return std::shared_ptr<const Profile>(
      std::make_shared<Profile>(known->from_file(), std::move(said).value()));
}

Status KnownProfiles::Write(const std::vector<ProfileChange>& changes) {
  std::map<std::string, SaidByEvents> merged;
  for (const ProfileChange& change : changes) {
    const auto [said, first] = merged.try_emplace(change.customer);
    if (first) {
      auto known = ledger_->ReadProfile(change.customer);
      if (!known.ok()) return known.error();
      said->second = std::move(known).value();
    }
    MergeSaid(change, &said->second);
  }
  for (const auto& [customer, said] : merged) {
    auto status = ledger_->PutProfile(customer, said);
    if (!status.ok()) return status;
  }
  return {};
}

}  // namespace premura
