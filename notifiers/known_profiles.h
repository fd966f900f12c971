// SPDX-License-Identifier: Apache-2.0
// KnownProfiles: what decisions and messages go by: the file's word over the
// ledger's. What shards go by (ProfileStore) is another thing: after a crash
// they read again, and must then know what they knew then, while a consent
// withdrawn since is withdrawn; and where instances share the ledger, another
// may have heard of it.
//
// Thread: the outreach's.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "notifiers/ledger.h"
#include "rules/result.h"
#include "signals/detection.h"
#include "signals/profile.h"

namespace premura {

class KnownProfiles {
 public:
  // Both must outlive it.
  KnownProfiles(Ledger* ledger, const ProfileStore* store)
      : ledger_(ledger), store_(store) {}

  Result<std::shared_ptr<const Profile>> Get(const std::string& customer);
  // Writes what events said, in the caller's transaction.
  Status Write(const std::vector<ProfileChange>& changes);

 private:
  Ledger* ledger_;
  const ProfileStore* store_;
};

}  // namespace premura
