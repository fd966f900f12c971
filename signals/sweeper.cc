// SPDX-License-Identifier: Apache-2.0

#include "signals/sweeper.h"

#include <utility>

namespace premura {

namespace {

constexpr Duration kBucket = std::chrono::minutes(10);

}  // namespace

void Sweeper::Schedule(Customer* customer, Timestamp when) {
  if (when > Earlier(kNever, kBucket)) return;
  const auto buckets = when.time_since_epoch() / kBucket + 1;
  customer->sweep = Timestamp(buckets * kBucket);
  buckets_[customer->sweep].push_back(customer);
}

std::vector<Customer*> Sweeper::TakeNext() {
  std::vector<Customer*> customers = std::move(buckets_.begin()->second);
  buckets_.erase(buckets_.begin());
  for (Customer* customer : customers) customer->sweep = kNever;
  return customers;
}

}  // namespace premura
