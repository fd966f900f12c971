// SPDX-License-Identifier: Apache-2.0
// LedgerPlace: where a test has its ledger, and what is gone after it. Which
// engine it is the program is linked with: sqlite_place.cc or
// postgresql_place.cc.

#pragma once

#include <string>

#include "notifiers/database.h"

namespace premura {

class LedgerPlace {
 public:
  LedgerPlace();
  ~LedgerPlace();
  LedgerPlace(const LedgerPlace&) = delete;
  LedgerPlace& operator=(const LedgerPlace&) = delete;

  const DatabaseAddress& address() const { return address_; }

 private:
  DatabaseAddress address_;
  std::string name_;  // Of the folder or the schema.
};

}  // namespace premura
