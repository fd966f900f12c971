// SPDX-License-Identifier: Apache-2.0
// Sweeper: when each customer is to be looked through for what can be
// forgotten. Coarse, since nothing but memory depends on it.
//
// Thread: the shard's.

#pragma once

#include <map>
#include <vector>

#include "signals/customer.h"

namespace premura {

class Sweeper {
 public:
  // Sets customer->sweep. REQUIRES: it is kNever.
  void Schedule(Customer* customer, Timestamp when);
  // kNever if nobody waits.
  Timestamp next() const {
    return buckets_.empty() ? kNever : buckets_.begin()->first;
  }
  // Those of next(); they no longer wait. REQUIRES: next() != kNever.
  std::vector<Customer*> TakeNext();

 private:
  std::map<Timestamp, std::vector<Customer*>> buckets_;
};

}  // namespace premura
