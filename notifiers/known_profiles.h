// SPDX-License-Identifier: Apache-2.0
// KnownProfiles: what decisions and messages go by. Where several instances
// share the ledger, another may have heard what events said of a customer (a
// consent withdrawn, say): the ledger's word holds, under the file's.
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
