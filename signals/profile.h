// SPDX-License-Identifier: Apache-2.0
// Profile: what we know of a customer. ProfileStore: everybody's, in memory.
//
// Two layers: a profile file (the team's word, wins) over what identify and
// group events said. Paths are flat: "name", "tier", "consent.email",
// "dates.renewal". Well-known paths: name, first_name, role, tier, locale,
// timezone, country, email, phone, consent.<channel>, owner, phase, account.

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/value.h"
#include "signals/event.h"
#include "signals/said.h"

namespace premura {

// Immutable; shared between the shard and whoever writes to the customer.
class Profile {
 public:
  // path -> JSON scalar or list, as written.
  using Values = std::map<std::string, std::string, std::less<>>;

  Profile(Values from_file, SaidByEvents from_events);
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;
  ~Profile();

  // kAbsent if there is none. Lives as long as the profile.
  Value Get(std::string_view path) const;
  // Text as is, numbers and booleans as JSON writes them, else empty.
  std::string_view Text(std::string_view path) const;
  // The merged view. Lives as long as the profile.
  const std::map<std::string_view, Value>& values() const;
  // The same for display and templates: path -> plain text.
  std::map<std::string, std::string> Texts() const;

  const Values& from_file() const { return from_file_; }
  const SaidByEvents& from_events() const { return from_events_; }

 private:
  class Parsed;
  Values from_file_;
  SaidByEvents from_events_;
  std::unique_ptr<const Parsed> parsed_;
};

// Thread-safe.
class ProfileStore {
 public:
  ProfileStore();
  ~ProfileStore();

  // An empty profile if the customer is not known; never nullptr.
  std::shared_ptr<const Profile> Get(std::string_view customer) const;
  // Applies what an event said (MergeSaid()); answers how many of its values
  // found no room.
  std::size_t Merge(const ProfileChange& change);
  // Puts back what events had said (from the ledger, at start): the events'
  // layer of each, replaced.
  void Restore(std::string_view customer, SaidByEvents from_events);
  // The events' layer of those `whose` goes.
  void ForgetSaid(const std::function<bool(std::string_view)>& whose);
  // Replaces the files' layer of everybody at once; answers of whom it has
  // changed anything.
  std::vector<std::string> ReplaceFileLayer(
      std::map<std::string, Profile::Values> customers);
  // Whose profile is known, of those `wanted`.
  std::vector<std::string> Customers(
      const std::function<bool(std::string_view)>& wanted) const;
  std::size_t size() const;

 private:
  struct Stripe;
  std::unique_ptr<Stripe[]> stripes_;
};

// Reads `customers.csv` (first line: names of the columns, `customer` among
// them; RFC 4180) or JSON Lines (objects with `customer`; nested objects become
// dotted paths). The ending decides; `.gz` and `.zst` are read too. All
// mistakes at once, as "file:line: what".
Result<std::map<std::string, Profile::Values>> ReadProfileFile(
    const std::string& path);

}  // namespace premura
