// SPDX-License-Identifier: Apache-2.0
// Who has long been idle is put away as a record, and is taken up again when
// something concerns them.

#include <cassert>
#include <string>
#include <utility>
#include <vector>

#include "signals/customer_record.h"
#include "signals/engine_impl.h"

namespace premura {

// nullptr if nobody of that name is idle, or nothing is left of them.
Customer* EngineImpl::Wake(std::string_view name, std::uint64_t hash) {
  const auto idle = idle_.Find(name, hash);
  if (!idle) return nullptr;
  Customer read;
  std::uint64_t left_out = 0;
  const Status status = ReadCustomer(idle->record, *index_, &read, &left_out);
  assert(status.ok());
  read.recorded = idle->recorded;
  idle_.Remove(name, hash);
  if (!status.ok() || read.tracks.empty()) {
    if (read.recorded) changes_.MarkGone(name);
    return nullptr;
  }
  Customer& customer = Admit(name, std::move(read));
  if (left_out > 0) changes_.Mark(&customer);
  if (customer.sweep == kNever) {
    sweeper_.Schedule(&customer, Later(clock_, index_->shortest_keep()));
  }
  return &customer;
}

void EngineImpl::WakeAll(
    const std::function<bool(const IdleCustomers::View&)>& which) {
  std::vector<std::string> names;
  idle_.ForEach([&](const IdleCustomers::View& idle) {
    if (which(idle)) names.emplace_back(idle.name);
  });
  for (const std::string& name : names) Wake(name, CustomerTable::HashOf(name));
}

// `record` is the customer's. REQUIRES: it waits for no timer and no sweep, and
// is not to be written down.
void EngineImpl::PutAway(Customer* customer, std::string_view record) {
  idle_.Add({customer->name, record, customer->origin, customer->recorded},
            CustomerTable::HashOf(customer->name));
  DropTracks(*index_, customer);
  customers_.Remove(customer);
  ++moves_;
}

}  // namespace premura
